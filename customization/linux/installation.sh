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

# After how long without a kilobyte a download counts as failed.
STALL_SECONDS="${STALL_SECONDS:-60}"

# Put before each path that is read or written on the image: empty on a build VM, a folder in a rehearsal.
DESTDIR="${DESTDIR:-}"

# What was installed and how to ask it for its version, one `name|prefix|command` a line: see `prove`.
COMPONENTS=$DESTDIR/etc/image-bakery/components
# shellcheck disable=SC2034  # for the scripts that write and read it
INVENTORY=$DESTDIR/etc/image-bakery/inventory.json

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

# What commands have said, so that each is asked once.
declare -A answers=()

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
    rm --recursive --force "${work_folder:-}"
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
        --connect-timeout 30 --speed-limit 1024 --speed-time "$STALL_SECONDS" --max-time 900 --output "$2" "$1"
}

# download_checked URL CHECKSUM: sets `downloaded`, a file that is gone when the script ends.
download_checked() {
    downloaded=$work_folder/${1##*/}
    download "$1" "$downloaded"
    check_checksum "$downloaded" "$2"
}

# check_checksum FILE CHECKSUM: a SHA-256 or a SHA-512, as its length tells.
check_checksum() {
    local algorithm=sha$((${#2} * 4)) found
    found=$("${algorithm}sum" "$1" | cut --delimiter=' ' --fields=1)
    if [[ $found != "$2" ]]; then
        fail "${1##*/} has the ${algorithm^^} $found, but $2 is expected."
    fi
}

# check_key FILE FINGERPRINT: the file must hold that one primary key and no other.
check_key() {
    local found
    found=$(gpg --homedir "$work_folder" --batch --quiet --show-keys --with-colons "$1" |
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

# read_architecture: sets architecture, `amd64` or `arm64`.
read_architecture() {
    architecture=$(dpkg --print-architecture)
    if [[ $architecture != amd64 && $architecture != arm64 ]]; then
        fail "there is no release for the architecture $architecture."
    fi
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

# unpack ARCHIVE FOLDER: in place of what an earlier image had there. Every user can read it, whatever its packer thought
# of that.
unpack() {
    rm --recursive --force "$2"
    mkdir --parents "$2"
    case $1 in
        *.zip) python3 -m zipfile --extract "$1" "$2" ;;
        *) tar --extract --gzip --no-same-owner --file="$1" --directory="$2" ;;
    esac
    chmod --recursive a+rX,go-w "$2"
}

# install_program FILE NAME: puts a program where every user finds it.
install_program() {
    install -D --mode=0755 "$1" "$DESTDIR/usr/local/bin/$2"
}

# prove NAME PATTERN PREFIX COMMAND [ARGUMENT...]: COMMAND, run by another user of the image, must say the version
# PATTERN in a line that begins with PREFIX. The inventory and the validation of the image ask the same question again.
prove() {
    local name=$1 pattern=$2 prefix=$3
    shift 3
    if [[ $name$prefix == *[\"\\\|]* ]]; then
        fail "a component's name and prefix have no quotes, backslashes or bars: $name"
    fi
    if ! ask_version "$name" "$prefix" "${*@Q}"; then
        fail "$problem"
    fi
    # shellcheck disable=SC2053  # a pattern is wanted
    if [[ $version != $pattern ]]; then
        fail "'$*' says '$version' where '$pattern' is expected."
    fi
    record "$name" "$prefix" "${*@Q}"
    say "$name $version."
}

# record NAME PREFIX COMMAND: takes the place of an earlier line for NAME.
record() {
    if [[ -e $COMPONENTS ]]; then
        awk -F '|' -v name="$1" '$1 != name' "$COMPONENTS" >"$work_folder/components"
    fi
    echo "$1|$2|$3" >>"$work_folder/components"
    install -D --mode=0644 "$work_folder/components" "$COMPONENTS"
}

# ask_all FUNCTION: calls FUNCTION NAME VERSION for each recorded component; VERSION is empty where problem says why.
ask_all() {
    local line lines=() name prefix command
    if [[ ! -s $COMPONENTS ]]; then
        fail "$COMPONENTS names no component: nothing was installed."
    fi
    mapfile -t lines <"$COMPONENTS"
    for line in "${lines[@]}"; do
        IFS='|' read -r name prefix command <<<"$line"
        if ! ask_version "$name" "$prefix" "$command"; then
            version=""
        fi
        "$1" "$name" "$version"
    done
}

# ask_version NAME PREFIX COMMAND: sets version; where that is not to be had, sets problem and returns 1.
ask_version() {
    local line
    if [[ -z ${answers[$3]+asked} ]]; then
        if ! line=$(as_another_user "$3"); then
            problem="$3 does not work for other users of the image."
            return 1
        fi
        answers[$3]=$line
    fi
    while IFS= read -r line; do
        if [[ $line == "$2"[0-9]* ]]; then
            line=${line#"$2"}
            version=${line%%[!0-9A-Za-z.+~-]*}
            return 0
        fi
    done <<<"${answers[$3]}"
    problem="$3 says no version of $1."
    return 1
}

# as_another_user COMMAND: a line of shell, run by one who is not the build user and has an empty home. The build user's
# own profile is gone once the image is generalised.
as_another_user() {
    local home=$work_folder/home
    if [[ ! -e $home ]]; then
        chmod 0711 "$work_folder"
        mkdir --mode=0700 "$home"
        chown nobody "$home"
    fi
    runuser --user nobody -- env --ignore-environment --chdir=/ HOME="$home" \
        PATH="$DESTDIR/usr/local/bin:$DESTDIR/usr/bin:$DESTDIR/bin" bash -c "$1"
}
