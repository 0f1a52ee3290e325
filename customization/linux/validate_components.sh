#!/usr/bin/env bash
# Proves on a machine that was made from the image that each component of its inventory is there, in the version that
# stands there, for other users than the one who built it; and that the guest agent runs.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "Validation: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "Validation"

defects=()
check_component() {
    if [[ -z $2 ]]; then
        say "$1: MISSING: $problem"
        defects+=("$1")
    elif ! grep --quiet --fixed-strings "{\"name\": \"$1\", \"version\": \"$2\"}" "$INVENTORY"; then
        say "$1: CHANGED: it says $2, but the inventory says something else."
        defects+=("$1")
    else
        say "$1 $2"
    fi
}

if [[ ! -r $INVENTORY ]]; then
    fail "$INVENTORY is missing: write_inventory.sh must be the last customizer."
fi
ask_all check_component
# Without it, no machine of the image would start, and none could be generalised again.
if ! waagent --version; then
    defects+=("the guest agent")
fi
if ((${#defects[@]} > 0)); then
    fail "missing or changed: $(printf '%s, ' "${defects[@]}" | sed 's/, $//')."
fi
say "Done."
