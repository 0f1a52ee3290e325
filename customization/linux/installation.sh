# shellcheck shell=bash
# Functions that the installation scripts share, and the versions. Sourced: File customizers bring this file and
# versions.env into one folder of the build VM, as Azure Image Builder downloads each script alone.

set -Eeuo pipefail

if [[ ! -r $CUSTOMIZATION_FILES/versions.env ]]; then
    echo "FAILED: $CUSTOMIZATION_FILES/versions.env is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/versions.env
source "$CUSTOMIZATION_FILES/versions.env"

# How often a download or an apt-get call is tried, and how long to wait between two tries.
RETRY_TRIES="${RETRY_TRIES:-5}"
RETRY_WAIT_SECONDS="${RETRY_WAIT_SECONDS:-15}"

# Put before each path that is read or written on the image: empty on a build VM, a folder in a rehearsal.
DESTDIR="${DESTDIR:-}"

APT_OPTIONS=(
    --yes
    --quiet
    --option DPkg::Lock::Timeout=300
    --option Dpkg::Options::=--force-confdef
    --option Dpkg::Options::=--force-confold
    # Without it, apt-get update calls a repository that cannot be read a warning.
    --option APT::Update::Error-Mode=any
)

component="Installation"

# begin COMPONENT: goes on as root; from here on every failing command ends the script with a sentence that names the
# component and the line.
begin() {
    if [[ $(id --user) != 0 ]]; then
        exec sudo --non-interactive bash "${BASH_SOURCE[-1]}"
    fi
    component=$1
    trap 'report_failure $? "$BASH_COMMAND"' ERR
    trap clean_up EXIT
    # A question would hang the build until its time-out: nothing asks, and what still asks reads the end of a file.
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    exec </dev/null
    # What root installs, every user must be able to read.
    umask 022
    work_folder=$(mktemp --directory)
    say "Installing."
}

say() {
    echo "$component: $1"
}

# fail SENTENCE
fail() {
    trap - ERR
    echo "$component: FAILED at $(main_script_line): $1" >&2
    exit 1
}

# report_failure EXIT_CODE COMMAND
report_failure() {
    trap - ERR
    echo "$component: FAILED at $(main_script_line): '$2' ended with exit code $1." >&2
    exit "$1"
}

# The line of the script, not that of the function of this file which it called.
main_script_line() {
    echo "$(basename "${BASH_SOURCE[-1]}") line ${BASH_LINENO[-2]}"
}

clean_up() {
    rm --recursive --force "${work_folder:-}" "${home_folder:-}"
}

# retry WHAT COMMAND [ARGUMENT...]
retry() {
    local what=$1 try
    shift
    for ((try = 1; try <= RETRY_TRIES; try++)); do
        if "$@"; then
            return
        fi
        say "$what failed (try $try of $RETRY_TRIES)."
        if ((try < RETRY_TRIES)); then
            sleep "$RETRY_WAIT_SECONDS"
        fi
    done
    fail "$what failed $RETRY_TRIES times."
}

# download URL FILE
download() {
    retry "The download of $1" curl --fail --silent --show-error --location --proto =https --proto-redir =https \
        --connect-timeout 30 --max-time 900 --output "$2" "$1"
}

# check_sha256 FILE SHA256
check_sha256() {
    local found
    found=$(sha256sum "$1" | cut --delimiter=' ' --fields=1)
    if [[ $found != "$2" ]]; then
        fail "$(basename "$1") has the SHA-256 $found, but versions.env says $2."
    fi
}

# check_key FILE FINGERPRINT: the file must hold that one primary key and no other.
check_key() {
    local found
    found=$(gpg --homedir "$work_folder" --batch --show-keys --with-colons "$1" |
        awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }')
    if [[ $found != "$2" ]]; then
        fail "$(basename "$1") holds the key ${found:-(none)}, but versions.env says $2."
    fi
}

update_package_lists() {
    retry "apt-get update" apt-get update "${APT_OPTIONS[@]}"
}

# install_packages PACKAGE...
install_packages() {
    retry "apt-get install $*" apt-get install "${APT_OPTIONS[@]}" --no-install-recommends "$@"
}

# add_microsoft_repository NAME ADDRESS SUITE: an apt repository that Microsoft's key must have signed.
add_microsoft_repository() {
    local keyring=/etc/apt/keyrings/microsoft.asc
    download https://packages.microsoft.com/keys/microsoft.asc "$work_folder/microsoft.asc"
    check_key "$work_folder/microsoft.asc" "$MICROSOFT_KEY_FINGERPRINT"
    install -D --mode=0644 "$work_folder/microsoft.asc" "$DESTDIR$keyring"
    mkdir --parents "$DESTDIR/etc/apt/sources.list.d"
    cat >"$DESTDIR/etc/apt/sources.list.d/$1.sources" <<SOURCE
Types: deb
URIs: $2
Suites: $3
Components: main
Architectures: $(dpkg --print-architecture)
Signed-By: $keyring
SOURCE
}

# read_release: sets ubuntu_codename, the name by which apt repositories know the release that runs.
read_release() {
    local id
    # shellcheck source=/dev/null
    id=$(source "$DESTDIR/etc/os-release" && echo "${ID:-}")
    # shellcheck source=/dev/null
    ubuntu_codename=$(source "$DESTDIR/etc/os-release" && echo "${VERSION_CODENAME:-}")
    if [[ $id != ubuntu || -z $ubuntu_codename ]]; then
        fail "this is '$id $ubuntu_codename', not a release of Ubuntu."
    fi
}

# expect PATTERN COMMAND [ARGUMENT...]: run by a user who is not the build user and has an empty home, COMMAND must say
# PATTERN. The build user's own profile is gone once the image is generalised.
expect() {
    local pattern=$1 said
    shift
    if [[ -z ${home_folder:-} ]]; then
        home_folder=$(mktemp --directory)
        chown nobody "$home_folder"
    fi
    if ! said=$(runuser --user nobody -- env --ignore-environment --chdir=/ HOME="$home_folder" \
        PATH="$DESTDIR/usr/local/bin:$DESTDIR/usr/bin:/usr/local/bin:/usr/bin:/bin" "$@"); then
        fail "'$*' does not work for other users of the image."
    fi
    # shellcheck disable=SC2053  # a pattern is wanted
    if [[ $said != $pattern ]]; then
        fail "'$*' says '$said' where '$pattern' is expected."
    fi
    say "'$*' says '$said'."
}
