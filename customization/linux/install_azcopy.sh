#!/usr/bin/env bash
# Installs AzCopy v10 for all users.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "AzCopy: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "AzCopy"

read_architecture
case $architecture in
    amd64) sha256=$AZCOPY_SHA256_AMD64 ;;
    arm64) sha256=$AZCOPY_SHA256_ARM64 ;;
esac

update_package_lists
install_packages ca-certificates curl

releases=https://github.com/Azure/azure-storage-azcopy/releases/download
release=azcopy_linux_${architecture}_$AZCOPY_VERSION
download_checked "$releases/v$AZCOPY_VERSION/$release.tar.gz" "$sha256"
unpack "$downloaded" "$work_folder/azcopy"
install_program "$work_folder/azcopy/$release/azcopy" azcopy

prove AzCopy "$AZCOPY_VERSION" "azcopy version " azcopy --version
say "Done."
