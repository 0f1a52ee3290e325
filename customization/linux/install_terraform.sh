#!/usr/bin/env bash
# Installs Terraform for all users: the version of versions.env by its checksum, or the newest by HashiCorp's signature.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "Terraform: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "Terraform"

# find_newest: sets wanted.
find_newest() {
    local answer=$work_folder/newest.json
    download https://checkpoint-api.hashicorp.com/v1/check/terraform "$answer"
    wanted=$(sed --quiet --regexp-extended 's/.*"current_version" ?: ?"([0-9.]+)".*/\1/p' "$answer")
    if [[ -z $wanted ]]; then
        fail "HashiCorp's answer does not say which version is the newest."
    fi
}

# read_signed_checksum FILE: sets sha256.
read_signed_checksum() {
    local sums=terraform_${wanted}_SHA256SUMS
    download https://www.hashicorp.com/.well-known/pgp-key.txt "$work_folder/hashicorp.asc"
    check_key "$work_folder/hashicorp.asc" "$HASHICORP_KEY_FINGERPRINT"
    gpg --homedir "$work_folder" --batch --output "$work_folder/hashicorp.gpg" --dearmor "$work_folder/hashicorp.asc"
    download "$releases/$wanted/$sums" "$work_folder/$sums"
    download "$releases/$wanted/$sums.sig" "$work_folder/$sums.sig"
    if ! gpgv --keyring "$work_folder/hashicorp.gpg" "$work_folder/$sums.sig" "$work_folder/$sums"; then
        fail "$sums is not signed with HashiCorp's key."
    fi
    sha256=$(awk -v file="$1" '$2 == file { print $1 }' "$work_folder/$sums")
    if [[ -z $sha256 ]]; then
        fail "$sums does not name $1."
    fi
}

read_architecture
releases=https://releases.hashicorp.com/terraform
wanted=$TERRAFORM_VERSION

update_package_lists
install_packages ca-certificates curl gpg gpgv python3

if [[ $wanted == latest ]]; then
    find_newest
    read_signed_checksum "terraform_${wanted}_linux_$architecture.zip"
else
    case $architecture in
        amd64) sha256=$TERRAFORM_SHA256_AMD64 ;;
        arm64) sha256=$TERRAFORM_SHA256_ARM64 ;;
    esac
fi

download_checked "$releases/$wanted/terraform_${wanted}_linux_$architecture.zip" "$sha256"
unpack "$downloaded" "$work_folder/terraform"
install_program "$work_folder/terraform/terraform" terraform

prove Terraform "$wanted" "Terraform v" terraform version
say "Done."
