#!/usr/bin/env bash
# Installs the Azure CLI from Microsoft's package repository, and its extension azure-devops, for all users.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "Azure CLI: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "Azure CLI"

read_release

update_package_lists
install_packages ca-certificates curl gpg
add_microsoft_repository azure-cli https://packages.microsoft.com/repos/azure-cli/ "$ubuntu_codename"
update_package_lists
install_packages "azure-cli=$AZURE_CLI_VERSION_PREFIX*"

# --system puts the extension beside the CLI, where all users find it. The CLI checks the wheel against the SHA-256 in
# Microsoft's index. Its settings of this run stay out of root's home.
AZURE_CONFIG_DIR=$work_folder/azure retry "az extension add" \
    az extension add --name azure-devops --version "$AZURE_DEVOPS_EXTENSION_VERSION" --system --yes --only-show-errors

prove "Azure CLI" "$AZURE_CLI_VERSION_PREFIX*" "" az version --query '"azure-cli"' --output tsv
prove "Azure CLI extension azure-devops" "$AZURE_DEVOPS_EXTENSION_VERSION" "" \
    az extension show --name azure-devops --query version --output tsv
say "Done."
