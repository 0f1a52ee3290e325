#!/usr/bin/env bash
# Installs the .NET SDK, with its runtimes, for all users, from the release archive: package repositories have other
# versions for each Ubuntu release.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo ".NET: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin ".NET"

read_architecture
case $architecture in
    amd64) release=linux-x64 sha512=$DOTNET_SDK_SHA512_AMD64 ;;
    arm64) release=linux-arm64 sha512=$DOTNET_SDK_SHA512_ARM64 ;;
esac
root=/usr/share/dotnet

update_package_lists
install_packages ca-certificates curl tzdata libstdc++6 libgssapi-krb5-2 '^libicu[0-9]+$' '^libssl3(t64)?$'

downloads=https://builds.dotnet.microsoft.com/dotnet/Sdk
download_checked "$downloads/$DOTNET_SDK_VERSION/dotnet-sdk-$DOTNET_SDK_VERSION-$release.tar.gz" "$sha512"

unpack "$downloaded" "$DESTDIR$root"
mkdir --parents "$DESTDIR/usr/local/bin" "$DESTDIR/etc/dotnet"
ln --symbolic --force --relative "$DESTDIR$root/dotnet" "$DESTDIR/usr/local/bin/dotnet"
# Where programs that were built with their own start file look for the runtime.
echo "$root" >"$DESTDIR/etc/dotnet/install_location"

prove ".NET SDK" "$DOTNET_SDK_VERSION" "" dotnet --version
prove ".NET runtime" "$DOTNET_RUNTIME_VERSION" "Microsoft.NETCore.App " dotnet --list-runtimes
prove "ASP.NET Core runtime" "$DOTNET_RUNTIME_VERSION" "Microsoft.AspNetCore.App " dotnet --list-runtimes
say "Done."
