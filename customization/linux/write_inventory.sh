#!/usr/bin/env bash
# Writes name and version of everything that the scripts before it installed: into the log, and onto the image.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "Inventory: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "Inventory"

entries=""
write_entry() {
    if [[ -z $2 ]]; then
        fail "$1: $problem"
    fi
    say "$1 $2"
    entries+="${entries:+,$'\n'}        {\"name\": \"$1\", \"version\": \"$2\"}"
}

read_architecture
# shellcheck source=/dev/null
system=$(source "$DESTDIR/etc/os-release" && echo "$PRETTY_NAME")
ask_all write_entry

cat >"$work_folder/inventory.json" <<INVENTORY
{
    "system": "$system",
    "architecture": "$architecture",
    "writtenAt": "$(date --utc +%Y-%m-%dT%H:%M:%SZ)",
    "components": [
$entries
    ]
}
INVENTORY
install -D --mode=0644 "$work_folder/inventory.json" "$INVENTORY"
say "Done."
