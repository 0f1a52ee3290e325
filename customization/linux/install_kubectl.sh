#!/usr/bin/env bash
# Installs kubectl for all users.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "kubectl: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "kubectl"

read_architecture
case $architecture in
    amd64) sha256=$KUBECTL_SHA256_AMD64 ;;
    arm64) sha256=$KUBECTL_SHA256_ARM64 ;;
esac

update_package_lists
install_packages ca-certificates curl

download_checked "https://dl.k8s.io/release/v$KUBECTL_VERSION/bin/linux/$architecture/kubectl" "$sha256"
install_program "$downloaded" kubectl

prove kubectl "$KUBECTL_VERSION" "Client Version: v" kubectl version --client
say "Done."
