#!/usr/bin/env bash
# Installs PowerShell 7 for all users, from the release archive: Microsoft's package repository does not have it for
# every Ubuntu release.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "PowerShell: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "PowerShell"

read_architecture
case $architecture in
    amd64) release=linux-x64 sha256=$POWERSHELL_SHA256_AMD64 ;;
    arm64) release=linux-arm64 sha256=$POWERSHELL_SHA256_ARM64 ;;
esac
folder=$DESTDIR/opt/microsoft/powershell/7

update_package_lists
# The number in the name of the ICU package differs from release to release; apt-get takes a regular expression.
install_packages ca-certificates curl '^libicu[0-9]+$'

releases=https://github.com/PowerShell/PowerShell/releases/download
download_checked "$releases/v$POWERSHELL_VERSION/powershell-$POWERSHELL_VERSION-$release.tar.gz" "$sha256"

unpack "$downloaded" "$folder"
chmod 0755 "$folder/pwsh"
mkdir --parents "$DESTDIR/usr/local/bin"
ln --symbolic --force --relative "$folder/pwsh" "$DESTDIR/usr/local/bin/pwsh"

prove PowerShell "$POWERSHELL_VERSION" "PowerShell " pwsh --version
say "Done."
