"""The patterns of failing that PowerShell scripts have, and the commands of PowerShell steps."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from configuration.scripts.pattern import ScriptPattern, commands_with, unmade_files, words
from configuration.scripts.powershell_failures import FAILURE_PATTERNS
from configuration.scripts.text import ScriptText

_OF_USER: Final = words(
    r"\bHKCU:?\\",
    r"\bHKEY_CURRENT_USER\b",
    r"^(?!.*Set-ExecutionPolicy).*-Scope\s*:?\s*[\"']?CurrentUser\b",
    r"PSModulePath\b[^;]{0,80}(?:\.Split\(|-split\b).{0,40}?\[0\]",
    r"SetEnvironmentVariable\(.{1,300},\s*(?:[\"']User[\"']|\[(?:System\.)?EnvironmentVariableTarget\]::User)\s*\)",
    r"\bAdd-LocalGroupMember\b.*\$env:USERNAME\b",
    r"\bnet1?(?:\.exe)?\s+localgroup\b.*(?:\$env:USERNAME\b|%USERNAME%)",
    r"\bSet-Win(?:UserLanguageList|UILanguageOverride|HomeLocation)\b",
    r"\bSet-Culture\b",
    r"(?:Copy-Item|Out-File|Set-Content|Add-Content|New-Item|WriteAllText|Expand-Archive)\b"
    r".*(?:\$PROFILE\b(?!\.AllUsers)|\$env:(?:USERPROFILE|APPDATA)\\|\$HOME\b)",
    r"(?:^|[;&|]\s*)setx\s+(?!.*\s/m\b)",
)
_OTHER_HIVES: Final = words(
    r"\breg(?:\.exe)?\s+load\b",
    r"\bHKEY_USERS\b",
    r"\bHKU:?\\",
    r"CopyUserInternationalSettings",
    r"Copy-UserInternationalSettingsToSystem",
    r"NTUSER\.DAT",
)
_OPTIONS: Final = r"\s@\w"
_CHOCO: Final = re.compile(
    r"(?:^\s*|[;&|{(]\s*)(?:choco|chocolatey)(?:\.exe)?\s+(?:install|upgrade|uninstall)\s", re.IGNORECASE
)
_ASKING: Final = words(
    r"(?<![\w-])Read-Host\b", r"(?<![\w-])pause\s*$", r"\$Host\.UI\.(?:RawUI\.ReadKey|PromptFor)", r"\[Console\]::Read"
)
# What asks, what in the command answers, and what answered before.
_QUESTIONS: Final[tuple[tuple[re.Pattern[str], re.Pattern[str] | None, re.Pattern[str] | None], ...]] = (
    (
        words(r"(?<![\w-])(?:Install-Module|Install-Script|Update-Module|Install-Package)\s"),
        words(r"\s-Force\b(?!:\s*\$false)", _OPTIONS, r"-TrustRepository", r"-AcceptLicense"),
        words(r"Set-PSRepository\b.*Trusted"),
    ),
    (
        words(r"(?<![\w-])Install-PackageProvider\s"),
        words(r"\s-Force(?:Bootstrap)?\b(?!:\s*\$false)", _OPTIONS, r"-Confirm:\s*\$false"),
        None,
    ),
    (_CHOCO, words(r"\s-\w*y\w*\b", r"\s--(?:yes|confirm)\b", _OPTIONS), words(r"allowGlobalConfirmation")),
    (
        words(r"(?<![\w-])winget(?:\.exe)?\s+(?:install|upgrade|import)\b"),
        words(r"^(?=.*--accept-package-agreements)(?=.*--accept-source-agreements)"),
        None,
    ),
    (words(r"(?<![\w-])(?:Enable|Disable)-WindowsOptionalFeature\s"), words(r"\s-NoRestart\b", _OPTIONS), None),
    (_ASKING, None, None),
)
_DOWNLOADS: Final = r"(?:DownloadString|Invoke-WebRequest|\biwr\b|Invoke-RestMethod|\birm\b|\bcurl\b|\bwget\b)"
_RUNS_DOWNLOAD: Final = words(
    rf"(?<![\w-])(?:iex|Invoke-Expression)\b.*{_DOWNLOADS}",
    rf"{_DOWNLOADS}[^;]{{0,400}}\|\s*(?:iex|Invoke-Expression)\b",
    rf"\[scriptblock\]::Create\(.{{0,200}}{_DOWNLOADS}",
)
_APPX: Final = re.compile(r"(?<![\w-])Remove-AppxPackage\b", re.IGNORECASE)
_APPX_FOR_ALL: Final = words(r"\s-AllUsers\b", r"\s@\w")
_PROVISIONED: Final = words(r"\bRemove-(?:AppxProvisionedPackage|ProvisionedAppxPackage)\b")
_GLUED: Final = re.compile(r"\s-[A-Za-z]\w*`$|\S\s*`[ \t]+$")
_TRAILING_BACKSLASH: Final = words(
    r"\\[^\\/:\"'\s]{1,80}\.(?:exe|msi|zip|ps1|txt|json|xml|cmd|bat|reg|log|vhdx?)\\[\"']?(?:\s|$)",
    r"-(?:OutFile|FilePath|LogPath|InFile)\s+(?:\"[^\"]{1,300}\\\"|'[^']{1,300}\\'|[^\s\"']{1,300}\\)(?:\s|$)",
)
_INTO_FOLDER: Final = re.compile(
    r"(?:-OutFile|-FilePath|-Destination|Out-File|DownloadFile\([^,]{1,300},|>)\s*[\"']?(?P<folder>[a-z]:\\[^\\\s\"'$;|]{1,80})\\",
    re.IGNORECASE,
)
_GIVEN_FOLDERS: Final = re.compile(r"[a-z]:\\(?:windows|program files|programdata|users|program$)", re.IGNORECASE)
_MAKES_FOLDER: Final = words(
    r"(?<![\w-])(?:mkdir|md|ni|New-Item|New-Folder)\b", r"CreateDirectory", r"\bExpand-Archive\b",
    r"\bCopy-Item\b.*-Recurse", r"\bgit\s+clone\b", r"\brobocopy\b",
)  # fmt: skip
_RELATIVE: Final = re.compile(
    r"(?:^|[;&|{(]\s*|\s-FilePath\s+|\s-ArgumentList\s+|/i\s+)[\"']?\.\\(?P<file>[\w.-]+\.(?:exe|msi|ps1|cmd|bat|zip))\b",
    re.IGNORECASE,
)
_CHANGES_FOLDER: Final = words(
    r"(?<![\w-])(?:cd|sl|chdir|Set-Location|Push-Location|pushd)\b", r"-WorkingDirectory\b", r"CurrentDirectory"
)


def _of_user(script: ScriptText) -> Iterator[int]:
    if not script.has(_OTHER_HIVES):
        yield from commands_with(_OF_USER)(script)


def _questions(script: ScriptText) -> Iterator[int]:
    asked = {
        number
        for asks, answered, answered_before in _QUESTIONS
        for number in commands_with(asks, unless=answered, unless_in_script=answered_before)(script)
    }
    yield from sorted(asked)


def _apps_of_one_user(script: ScriptText) -> Iterator[int]:
    if not script.has(_PROVISIONED):
        yield from commands_with(_APPX, unless=_APPX_FOR_ALL)(script)


def _in_lines(pattern: re.Pattern[str]) -> Callable[[ScriptText], Iterator[int]]:
    """Find what only the lines as they stand show, in those that have a command."""

    def places(script: ScriptText) -> Iterator[int]:
        for number, line in enumerate(script.lines):
            bare = line.removesuffix("\r")
            if pattern.search(bare) and not bare.lstrip().startswith("#"):
                yield number

    return places


def _folders_that_nobody_made(script: ScriptText) -> Iterator[int]:
    """Find files that are written to folders which no Windows has and this script does not make."""
    if script.inline or script.has(_MAKES_FOLDER):
        return
    for number, command in script.commands():
        found = _INTO_FOLDER.search(command)
        if found and not _GIVEN_FOLDERS.match(found["folder"]):
            yield number


def _relative_paths(script: ScriptText) -> Iterator[int]:
    if not script.has(_CHANGES_FOLDER):
        yield from unmade_files(_RELATIVE)(script)


POWERSHELL_PATTERNS: Final = (
    *FAILURE_PATTERNS,
    ScriptPattern(
        "the build user's own place",
        _of_user,
        "the build user is deleted when the image is generalised, and with it this setting: users of the image do not "
        "have it",
        "what is for all users: HKLM, -Scope AllUsers, 'Machine', C:\\Users\\Default",
    ),
    ScriptPattern(
        "a question to nobody",
        _questions,
        "the command asks, and nobody answers: it aborts, or hangs until the build's time-out",
        "-Force (modules, providers), -y (choco), --accept-…-agreements (winget), -NoRestart (features)",
    ),
    ScriptPattern(
        "a download straight into a shell",
        commands_with(_RUNS_DOWNLOAD),
        "what is there on the day is run, unchecked",
        "a download to a file, a check of its SHA-256 or signature, and then its run",
    ),
    ScriptPattern(
        "apps removed for one user",
        _apps_of_one_user,
        "what is removed for the build user alone is there again for every other user, and may make sysprep fail",
        "`Remove-AppxPackage -AllUsers`, and Remove-AppxProvisionedPackage",
    ),
    ScriptPattern(
        "a back-tick that is none",
        _in_lines(_GLUED),
        "a back-tick continues a command only with a blank before it and the end of the line right after it",
        "the arguments in a table (`$arguments = @{…}`, then `@arguments`), or the back-tick in its place",
    ),
    ScriptPattern(
        "a file that is a folder",
        commands_with(_TRAILING_BACKSLASH),
        "the path of a file ends with a backslash: there is none, and often that is no terminating error",
        "the path with the file's name",
    ),
    ScriptPattern(
        "a folder that nobody made",
        _folders_that_nobody_made,
        "a fresh Windows has no such folder, and this script does not make it: nothing is written",
        "`New-Item -ItemType Directory -Force` before, or a folder that is there, such as C:\\Windows\\Temp",
    ),
    ScriptPattern(
        "a path from where the step begins",
        _relative_paths,
        "each step begins in a folder of its own: what an earlier one left is not there",
        "the whole path, or $PSScriptRoot",
    ),
)  # fmt: skip
