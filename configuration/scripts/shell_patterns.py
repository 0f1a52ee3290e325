"""The patterns of failing that shell scripts have, and the commands of Shell steps, which `/bin/sh -e` reads."""

import re
from collections.abc import Iterator
from typing import Final

from configuration.scripts.pattern import ScriptPattern, commands_with, unmade_files, words
from configuration.scripts.text import Language, ScriptText

# Where a command begins: also after `sudo`, assignments, and the end of another one.
COMMAND: Final = (
    r"(?:^|[;&|({`]|\b(?:then|do|else|if|while|until|!))\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\w+=\S*\s+){0,4}"
)

_STOPS: Final = words(r"^#!.*\s-\w*e", r"(?:^\s*|[;&]\s*)set\s+(?:-o\s+\w+\s+)*(?:-\w*e|-o\s+errexit)")
_ENDS_WELL: Final = re.compile(r"(?:exit|return)\s+0$|(?:true|:)$")
# A function, its inside and an assignment do nothing by themselves: a file of them alone is one to be sourced.
_NO_WORK: Final = re.compile(r"\s|[})]|(?:function\s+)?[\w:.-]+\s*\(\)|function\s|(?:export\s+|readonly\s+)?\w+=\S*$")
_PIPED: Final = words(
    r"\b(?:curl|wget)\b[^|]{0,600}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:\w+=\S*\s+){0,4}(?:/bin/|/usr/bin/)?(?:env\s+)?(?:ba|da|z)?sh\b",
    r"\b(?:curl|wget)\b[^|]{0,600}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:python3?|perl|node|pwsh)\b(?!\s+-[cm])",
    r"\b(?:bash|sh|source|\.)\s+<\(\s*(?:curl|wget)\b",
    r"\b(?:bash|sh)\s+-\w*c\s+[\"']?(?:\$\(|`)\s*(?:curl|wget)\b",
)
_FORGIVEN: Final = re.compile(
    COMMAND
    + r"(?:apt|apt-get|dnf|yum|zypper|tdnf|snap|dpkg|rpm|curl|wget|pip3?|npm|tar|unzip|az|git|systemctl\s+enable)\b"
    r"[^|;&]{0,600}\|\|\s*(?:true|:|exit\s+0|return\s+0|echo\b)"
)
_NO_CHECK: Final = words(
    r"(?:^\s*|[;&]\s*|sudo\s+)(?:test\s|\[{1,2}\s|command\s+-v|which|type|dpkg(?:-query)?\s|rpm\s|systemctl\s|\w[\w.-]{0,60}\s+--?v(?:ersion)?\b)"
    r"[^|;]{0,300}&&\s*(?:echo|printf|logger)\b[^|;&]{0,300}\|\|\s*(?:echo|printf|logger)\b(?![^;}]*(?:exit|return)\s+[1-9])",
    r"\bsystemctl\s+(?:-\S+\s+)?(?:status|is-active|is-enabled)\b[^|;&]{0,200}\|\|\s*(?:true|:|echo)",
    r"(?:^\s*|[;&]\s*)(?:\w[\w.-]{0,60}\s+--?version|command\s+-v\s+\S+|which\s+\S+)\s*(?:>\s*\S+\s*|2>&1\s*){0,3}\|\|\s*(?:true|:|echo)",
)
_OF_USER: Final = words(
    r"(?<!['\\])\$\{?(?:HOME|USER|LOGNAME|SUDO_USER)\b",
    r"(?:^|[\s=\"':])~/",
    r"\$\(\s*(?:whoami|logname)\s*\)",
    r"\bpip3?\s+install\b.{0,200}\s--user\b",
    r"\bsystemctl\s+--user\b",
)
# What only reads there, or clears up, leaves nothing behind that users could miss.
_READS: Final = re.compile(r"^\s*(?:sudo\s+)?(?:source|\.|bash|sh|rm|cd|chmod)\s[^>]*$")
_SETS_USER: Final = words(
    r"(?:^\s*|[;&]\s*|export\s+|readonly\s+|local\s+)(?:HOME|USER)=", r"\bfor\s+(?:HOME|USER)\b", r"\bread\s+.*\bUSER\b"
)
_APT: Final = re.compile(
    COMMAND + r"(?:apt|apt-get|aptitude)\s(?:[^;&|]{0,200}\s)?"
    r"(?:install|upgrade|dist-upgrade|full-upgrade|remove|purge|autoremove|reinstall)\b"
)
_APT_YES: Final = re.compile(
    r"\s(?:-\w*y\w*|--yes|--assume-yes|-qq|--force-yes|--assume-no|-s|--simulate|--dry-run|-\w*d)\b|Assume-Yes|--help"
)
_RPM: Final = re.compile(
    COMMAND + r"(?:yum|dnf|tdnf|zypper)\s(?:[^;&|]{0,200}\s)?"
    r"(?:install|upgrade|update|remove|groupinstall|localinstall|in|up)\b(?!-)"
)
_RPM_YES: Final = re.compile(r"\s(?:-\w*[yn]\w*|--assumeyes|--non-interactive|--assumeno)\b")
_ADD_REPOSITORY: Final = re.compile(COMMAND + r"(?:add-apt-repository|apt-add-repository)\s")
_YES: Final = re.compile(r"\s(?:-\w*y\w*|--yes|--assume-yes|--remove|-r|--help)\b")
_ANSWERED: Final = words(r"APT::Get::Assume-Yes", r"apt\.conf\.d/", r"^\s*yes\s*\|")
_ASKS: Final = re.compile(
    COMMAND + r"(?:read\s+(?:-\w+\s+)*-\w*p\b|dpkg-reconfigure\b(?!.*(?:noninteractive|-f))|passwd\s+\w"
    r"|ssh-keygen\b(?!.*(?:-N|-[FlRyHA]\b)))"
)
_UPGRADE: Final = re.compile(
    COMMAND + r"(?:apt|apt-get)\s(?:[^;&|]{0,200}\s)?(?:upgrade|dist-upgrade|full-upgrade)(?![\w-])"
)
_SILENT: Final = words(r"DEBIAN_FRONTEND", r"NEEDRESTART_(?:MODE|SUSPEND)", r"--frontend[= ]noninteractive")
_BASH_ONLY: Final = re.compile(
    COMMAND + r"(?:source|pushd|popd|shopt|declare|readarray|mapfile)\s|"
    + COMMAND + r"\[\[\s|"
    r"\bset\s+-\w*o\s+pipefail|<<<|(?<![<$])<\(|(?<![\w>])&>|"
    r"^\s*function\s+\w|^\s*\w{1,60}=\(|\$\{\w{1,60}(?:\[|\^|,,|//)|\$'\\"
)  # fmt: skip
_RUNS_BASH: Final = words(r"\bbash\s+(?:-\w+\s+)*-\w*c\b", r"\bbash\s+(?:<<|-s)", r"\bpwsh\b", r"\bpython3?\s+-c\b")
_RELEASES: Final = r"(?:xenial|bionic|focal|jammy|noble|stretch|buster|bullseye|bookworm|trixie)"
_OF_RELEASE: Final = words(
    rf"https?://[^\s\"'$]{{1,300}}[/.-]{_RELEASES}\b",
    rf"(?:\bdeb(?:-src)?\s.{{0,200}}\s|\badd-apt-repository\b.{{0,200}}[\s/-]){_RELEASES}(?:-\w+)?\b",
    r"https?://[^\s\"'$]{1,300}/(?:x?ubuntu|debian|rhel|centos|sles|fedora)[/-]?\d{1,2}(?:[._]?\d\d)?(?![\d.]*\.\d)\b",
)
_OPEN_SOCKET: Final = re.compile(
    r"\bchmod\s+(?:-\w+\s+)*(?:0?[67][67][67]|(?:[augo]*o[augo]*|a)?\+rwx?|[augo]*=rwx?)\s+\S*\.sock\b"
)
_CHANGES_FOLDER: Final = words(r"(?:^\s*|[;&({]\s*)(?:cd|pushd)\s")
_RELATIVE: Final = re.compile(
    COMMAND + r"(?:(?:ba)?sh\s+(?:-\S+\s+)*|chmod\s+\S+\s+|source\s+|\.\s+)?\./(?P<file>[\w.-]+)"
)


def _is_stopped(script: ScriptText) -> bool:
    """Say whether the first failure ends the script; that of a step is run with `-e`."""
    return script.inline or bool(_STOPS.search(script.lines[0])) or script.has(_STOPS)


def _last_command(script: ScriptText) -> tuple[int, str] | None:
    return next(reversed(list(script.commands())), None)


def _ends_well_whatever_happened(script: ScriptText) -> Iterator[int]:
    last = _last_command(script)
    if last and _ENDS_WELL.match(last[1].strip()) and not _is_stopped(script):
        yield last[0]


def _goes_on(script: ScriptText) -> Iterator[int]:
    """Find a script of several commands that nothing stops; where its end tells no failure, that is told instead."""
    commands = [(number, command) for number, command in script.commands() if not _NO_WORK.match(command)]
    if len(commands) > 1 and not _is_stopped(script) and not _ENDS_WELL.match(commands[-1][1].strip()):
        yield commands[0][0]


def _bash_read_by_sh(script: ScriptText) -> Iterator[int]:
    if script.language is Language.SHELL:
        for number, command in script.commands():
            if _BASH_ONLY.search(command) and not _RUNS_BASH.search(command):
                yield number


def _carriage_returns(script: ScriptText) -> Iterator[int]:
    return (number for number, line in enumerate(script.lines) if line.endswith("\r"))


def _relative_paths(script: ScriptText) -> Iterator[int]:
    if not script.has(_CHANGES_FOLDER):
        yield from unmade_files(_RELATIVE)(script)


SHELL_PATTERNS: Final = (
    ScriptPattern(
        "a good end whatever happened",
        _ends_well_whatever_happened,
        "the script ends with success whatever failed before: the build is green, and a tool may be missing",
        "`set -euo pipefail` at the beginning, and a last command that proves what was installed",
    ),
    ScriptPattern(
        "no end at a failure",
        _goes_on,
        "the script goes on after a command that fails: the build is green, and a tool may be missing",
        "`set -e` as the first command (`set -euo pipefail` in bash)",
    ),
    ScriptPattern(
        "a failure forgiven",
        commands_with(_FORGIVEN),
        "the command may fail and nothing tells: the build is green, and what it brings is missing",
        "the command alone, in a loop with an end where the network may spoil it",
    ),
    ScriptPattern(
        "a check that cannot fail",
        commands_with(_NO_CHECK),
        "the check says in the log that something is missing, and succeeds all the same",
        "the check alone, so that its exit code fails the step",
    ),
    ScriptPattern(
        "a download straight into a shell",
        commands_with(_PIPED),
        "what is there on the day is run unchecked, and a pipe ends as its last command does: after a failed download "
        "nothing is installed and the build is green",
        "a download to a file (`curl --fail`), a check of its SHA-256, and then its run",
    ),
    ScriptPattern(
        "the build user's own place",
        commands_with(_OF_USER, unless=_READS, unless_in_script=_SETS_USER),
        "the build user is deleted when the image is generalised, with all in its home: image users have nothing",
        "a place for all users, such as /usr/local, /opt, /etc/profile.d or /etc/skel",
    ),
    ScriptPattern(
        "a question to nobody",
        lambda script: sorted(
            {
                *commands_with(_APT, unless=_APT_YES, unless_in_script=_ANSWERED)(script),
                *commands_with(_RPM, unless=_RPM_YES)(script),
                *commands_with(_ADD_REPOSITORY, unless=_YES)(script),
                *commands_with(_ASKS)(script),
            }
        ),
        "the command asks, and nobody answers: it aborts, or hangs until the build's time-out",
        "`-y` (apt-get, add-apt-repository, dnf), or another option that answers",
    ),
    ScriptPattern(
        "an upgrade that may ask",
        commands_with(_UPGRADE, unless_in_script=_SILENT),
        "packages may ask about their files, and needrestart about services: it hangs until the build's time-out",
        "DEBIAN_FRONTEND=noninteractive and NEEDRESTART_MODE=a, behind sudo: `sudo DEBIAN_FRONTEND=… apt-get …`",
    ),
    ScriptPattern(
        "bash read by sh",
        _bash_read_by_sh,
        "/bin/sh reads this, which on Ubuntu and Debian is not bash: it fails, or does something else",
        "`#!/bin/bash` as the script's first line; in a step a script of its own, or what every sh knows (`.`, `[ ]`)",
    ),
    ScriptPattern(
        "a release written into the script",
        commands_with(_OF_RELEASE),
        "the name of one release stands here: on the next base image it fails, or installs another release's packages",
        "what /etc/os-release says: `. /etc/os-release`, then $VERSION_ID or $VERSION_CODENAME",
    ),
    ScriptPattern(
        "an open socket",
        commands_with(_OPEN_SOCKET),
        "every process may use the socket, which for that of Docker is as good as root; and after a restart it is as "
        "it was before",
        "the service's group, and in it the users of the image",
    ),
    ScriptPattern(
        "a line that ends in CR",
        _carriage_returns,
        "the shell takes the CR for a part of the last word: no such file, option or command",
        "lines that end in LF alone",
    ),
    ScriptPattern(
        "a path from where the step begins",
        _relative_paths,
        "each step begins in a folder of its own: what an earlier one left is not there",
        "the whole path, such as /tmp/…",
    ),
)
