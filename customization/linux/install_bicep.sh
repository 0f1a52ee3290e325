#!/usr/bin/env bash
# Installs the Bicep CLI for all users: `az bicep install` would put it into the build user's home.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "Bicep CLI: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "Bicep CLI"

read_architecture
case $architecture in
    amd64) release=linux-x64 sha256=$BICEP_SHA256_AMD64 ;;
    arm64) release=linux-arm64 sha256=$BICEP_SHA256_ARM64 ;;
esac

update_package_lists
install_packages ca-certificates curl '^libicu[0-9]+$'

download_checked "https://github.com/Azure/bicep/releases/download/v$BICEP_VERSION/bicep-$release" "$sha256"
install_program "$downloaded" bicep

prove "Bicep CLI" "$BICEP_VERSION" "Bicep CLI version " bicep --version
say "Done."
