"""The patterns of failing that scripts of every language have."""

import re
from collections.abc import Iterator
from typing import Final

from configuration.scripts.pattern import ScriptPattern, commands_with, words
from configuration.scripts.text import ScriptText

# What stands where a secret would, and is none: a variable, a placeholder, a command's answer, another option.
_NO_VALUE: Final = r"(?![\"']?(?:[$%<{(@*\[-]|\.\.\.|x{3,}|your|my[-_]|example|placeholder|redacted|null\b|none\b))"
_QUOTE: Final = r"[\"']?"
_KEY_NAMES: Final = r"(?:password|passwd|passphrase|secret|api_?key|access_?key|access_?token|client_?secret)"
_SECRET: Final = words(
    # A signature in an address, and the keys in a connection string.
    r"[?&]sig=(?![$<{%])[\w%+/.-]{16}",
    r"\b(?:Account|SharedAccess)Key=(?![$<{%])[\w+/]{16}",
    # A name and a token before the host of an address, as in `git clone https://token@host`.
    r"https?://(?:[\w.~%-]{1,200}:)?(?![$<{%])[\w~%-]{16,300}@[\w.-]",
    r"https?://[\w.~%-]{1,200}:(?![$<{%])[^\s$<{%/@\"']{4,200}@[\w.-]",
    # What tokens of well-known services begin with.
    r"\b(?:gh[pousr]_\w{20}|github_pat_\w{20}|glpat-[\w-]{16}|xox[abprs]-[\w-]{10}|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,2000}\.eyJ)",
    r"-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----",
    # An assignment or an option with a value.
    rf"{_KEY_NAMES}[\"']?\s{{0,9}}(?<![=!])=(?!=)\s{{0,9}}{_NO_VALUE}(?P<quote>[\"'])[^\"'$]{{6,300}}(?P=quote)",
    rf"(?<![\w$.:-])[\w-]{{0,40}}{_KEY_NAMES}={_NO_VALUE}[^\s\"'$;&|()<>]{{6}}",
    rf"\s--(?:password|client-secret|account-key|sas-token|token|secret)[ =]{_NO_VALUE}{_QUOTE}[^\s\"'$;&|)<>]{{6}}",
    rf"\bConvertTo-SecureString\s+(?:-String\s+)?{_NO_VALUE}[\"'][^\"'$]{{4,200}}[\"'].{{0,80}}-AsPlainText",
    rf"\baz\s+login\b.{{0,300}}\s-p\s+{_NO_VALUE}\S{{6}}",
    rf"\bnet\s+user\s+{_QUOTE}\w[\w.-]{{0,60}}{_QUOTE}\s+{_NO_VALUE}(?!/){_QUOTE}\S{{6}}",
)
_FETCH: Final = r"\b(?:curl|wget|Invoke-WebRequest|iwr|Invoke-RestMethod|irm|Start-BitsTransfer|DownloadFile|azcopy)\b"
_IDENTITY: Final = words(
    r"--identity\b", r"169\.254\.169\.254", r"Connect-AzAccount\b.*-Identity", r"--login-type\W+MSI"
)
# Branches, short links and what a release's newest file is called: each leads elsewhere tomorrow.
MOVING_ADDRESS: Final = words(
    r"https?://raw\.githubusercontent\.com/[^/\s]{1,100}/[^/\s]{1,100}/(?:refs/heads/[^/\s]{1,100}|main|master|head|develop)/",
    r"https?://(?:www\.)?github\.com/[^\s\"']{1,200}/(?:raw|blob|archive|zipball|tarball)/(?:refs/heads/)?(?:main|master|head|develop)\b",
    r"https?://(?:www\.)?github\.com/[^\s\"']{1,200}/releases/latest/download/",
    r"https?://api\.github\.com/repos/[^\s\"']{1,200}/releases/latest",
    r"https?://(?:aka\.ms|bit\.ly|tinyurl\.com|goo\.gl|git\.io|is\.gd|t\.ly)/",
    r"https?://go\.microsoft\.com/fwlink",
)
_CHECKED: Final = words(
    r"\bsha(?:256|384|512)sum\b", r"\bshasum\b", r"\bGet-FileHash\b", r"\bGet-AuthenticodeSignature\b",
    r"\bgpgv?\b.*--verify", r"\bcosign\s+verify", r"\bopenssl\s+dgst\b", r"\bcertutil\b.*-hashfile",
)  # fmt: skip
_RESTART: Final = words(
    r"\bRestart-Computer\b",
    r"\bStop-Computer\b",
    r"(?<![\w-])shutdown(?:\.exe)?[\"']?\s.{0,60}[-/][rgsh]\b",
    r"(?:^\s*|[;&|]\s*|sudo\s+)(?:/sbin/)?(?:reboot|poweroff|halt)\b(?!\s*=)",
    r"\bsystemctl\s+(?:-\S+\s+)?(?:reboot|poweroff|halt)\b",
    r"(?:^\s*|[;&|]\s*|sudo\s+)(?:/sbin/)?(?:init|telinit)\s+[06]\b",
    r"\s-(?:AutoReboot|ForceReboot)\b(?!:\s*\$false)",
    r"\s/forcerestart\b",
    r"\b(?:Add|Install)-WindowsFeature\b.*\s-Restart\b",
)
_GENERALISATION: Final = words(
    r"^(?!.*\b(?:Get-FileHash|Test-Path|sha256sum)\b).*\bDeprovisioningScript\.(?:ps1|sh)\b",
    r"\bsysprep(?:\.exe)?\b.*(?:[-/]generalize|[-/]oobe|[-/]mode:vm)",
    r"[-/]mode:vm\b",
    r"\bwaagent\b.*-deprovision",
    r"(?:^\s*|[;&|]\s*|sudo\s+)(?:[^\s=]+=\S+\s+)*(?:apt|apt-get|dnf|yum|zypper)\b.{0,80}\b(?:remove|purge|autoremove)\b.{0,300}\s(?:python3?|python3?-minimal|walinuxagent|WALinuxAgent)(?![\w.-])",
    r"\b(?:Stop-Service|Remove-Service|Set-Service)\b.*\b(?:WindowsAzureGuestAgent|RdAgent)\b",
)
_LONG_SLEEP: Final = words(
    r"(?<![\w-])sleep\s+(?:(?:[6-9]\d|[1-9]\d{2,5})s?\b|\d{1,4}[mh]\b)",
    r"\bStart-Sleep\s+(?:-S(?:econds)?\s+)?(?:[6-9]\d|[1-9]\d{2,5})\b(?!\s*-M)",
    r"\btimeout(?:\.exe)?\s+(?:/t\s+)?(?:[6-9]\d|[1-9]\d{2,5})\b(?:\s+/nobreak)",
)
# A wait between two tries is no wait in place of an event.
_LOOP: Final = words(r"\b(?:while|until|for|foreach|do)\b", r"\bForEach-Object\b", r"\|\|")
_LINES_OF_A_LOOP: Final = 25


def _secrets(script: ScriptText) -> Iterator[int]:
    """Find secrets wherever they stand: a comment is read as easily as a command."""
    return (number for number, line in enumerate(script.lines) if _SECRET.search(line))


def _private_downloads(script: ScriptText) -> Iterator[int]:
    """Find downloads from the account of the scripts without an identity or a key, which get a 404 or 403 page."""
    if script.scripts_account is None or script.has(_IDENTITY):
        return
    address = words(rf"https?://{re.escape(script.scripts_account)}\.(?:z\d+\.)?blob\.")
    fetch = words(_FETCH)
    for number, command in script.commands():
        if address.search(command) and fetch.search(command) and "sig=" not in command:
            yield number


def _fixed_waits(script: ScriptText) -> Iterator[int]:
    for number, command in script.commands():
        if _LONG_SLEEP.search(command):
            around = script.code[max(0, number - _LINES_OF_A_LOOP) : number + 1]
            if not any(_LOOP.search(line) for line in around):
                yield number


ANY_SCRIPT_PATTERNS: Final = (
    ScriptPattern(
        "a secret in clear",
        _secrets,
        "a secret seems to stand here in clear: it ends in the repository, in the scripts container and in the image",
        "nothing secret: read with the build VM's identity (vmUserAssignedIdentities), for example from a key vault",
    ),
    ScriptPattern(
        "a download of a private blob",
        _private_downloads,
        "the scripts container lets nobody read without an identity: the download gets a page that says so",
        "a File customizer, which reads with Azure Image Builder's identity, or a login with the build VM's identity",
    ),
    ScriptPattern(
        "an address that moves",
        commands_with(MOVING_ADDRESS, unless_in_script=_CHECKED),
        "the address leads to whatever is there on the day of the build, and nothing checks what came",
        "the address of a release or commit, and a check of the file's SHA-256 or signature",
    ),
    ScriptPattern(
        "a restart of its own",
        commands_with(_RESTART),
        "the script restarts the machine: the connection drops, and the step fails, or the next one meets a shutdown",
        "a WindowsRestart customizer after this step; on Linux none: the image starts anew anyway",
    ),
    ScriptPattern(
        "a hand in the generalisation",
        commands_with(_GENERALISATION),
        "this meddles with the generalisation that Azure Image Builder does at the end: it may loop to the time-out, "
        "miss the guest agent, or bind the image to one VM size",
        "nothing: leave the deprovisioning script, sysprep, the guest agent and the system's python alone",
    ),
    ScriptPattern(
        "a wait of a fixed time",
        _fixed_waits,
        "a wait of a fixed time is too short on one day and wasted on the others",
        "a loop that looks whether the event has come, with a deadline after which it fails",
    ),
)
