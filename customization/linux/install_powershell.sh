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

begin PowerShell

architecture=$(dpkg --print-architecture)
case $architecture in
    amd64) archive_architecture=x64 sha256=$POWERSHELL_SHA256_AMD64 ;;
    arm64) archive_architecture=arm64 sha256=$POWERSHELL_SHA256_ARM64 ;;
    *) fail "there is no release for the architecture $architecture." ;;
esac
archive=powershell-$POWERSHELL_VERSION-linux-$archive_architecture.tar.gz
folder=$DESTDIR/opt/microsoft/powershell/7

update_package_lists
# The number in the name of the ICU package differs from release to release; apt-get takes a regular expression.
install_packages ca-certificates curl '^libicu[0-9]+$'

download "https://github.com/PowerShell/PowerShell/releases/download/v$POWERSHELL_VERSION/$archive" "$work_folder/$archive"
check_sha256 "$work_folder/$archive" "$sha256"

mkdir --parents "$folder" "$DESTDIR/usr/local/bin"
tar --extract --gzip --no-same-owner --file="$work_folder/$archive" --directory="$folder"
chmod 0755 "$folder/pwsh"
ln --symbolic --force --relative "$folder/pwsh" "$DESTDIR/usr/local/bin/pwsh"

expect "PowerShell $POWERSHELL_VERSION" pwsh --version
say "Done."
