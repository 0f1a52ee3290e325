#!/usr/bin/env bash
# Installs kubelogin, with which kubectl signs in to Azure, for all users.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "kubelogin: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "kubelogin"

read_architecture
case $architecture in
    amd64) sha256=$KUBELOGIN_SHA256_AMD64 ;;
    arm64) sha256=$KUBELOGIN_SHA256_ARM64 ;;
esac

update_package_lists
install_packages ca-certificates curl python3

releases=https://github.com/Azure/kubelogin/releases/download
download_checked "$releases/v$KUBELOGIN_VERSION/kubelogin-linux-$architecture.zip" "$sha256"
unpack "$downloaded" "$work_folder/kubelogin"
install_program "$work_folder/kubelogin/bin/linux_$architecture/kubelogin" kubelogin

prove kubelogin "$KUBELOGIN_VERSION" "git hash: v" kubelogin --version
say "Done."
