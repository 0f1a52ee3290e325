"""The patterns by which PowerShell scripts pass over a failure: of a command, of a program, of an installer."""

import re
from collections.abc import Iterator
from typing import Final

from configuration.scripts.pattern import ScriptPattern, commands_with, words
from configuration.scripts.text import ScriptText

_STOPS: Final = words(
    r"\$(?:\w+:)?ErrorActionPreference\s*=\s*(?:[\"']?Stop\b|\[.*\]::Stop)",
    r"PSDefaultParameterValues\[?.*ErrorAction.*Stop",
)
_ENDS_WELL: Final = re.compile(r"(?:exit|return)(?:\s*\(?\s*0\s*\)?)$", re.IGNORECASE)
# A function, its inside and an assignment do nothing by themselves: a file of them alone is one to be dot-sourced.
_NO_WORK: Final = re.compile(
    r"\s|[{})]|(?:function|filter|param|using|class|enum)\b|\[CmdletBinding|Export-ModuleMember|Set-StrictMode",
    re.IGNORECASE,
)
_CATCH: Final = re.compile(r"\bcatch\b(?:\s*\[[\w.,\s\[\]]{1,200}\])?\s*\{", re.IGNORECASE)
# What makes a caught error more than a line in the log: it ends the script, is tried again, or has a value.
_TAKEN_UP: Final = words(
    r"\bthrow\b", r"\bexit\b(?!\s+0\b)", r"\breturn\b", r"\bbreak\b", r"\bcontinue\b", r"\bStart-Sleep\b", r"\+\+",
    r"\$\w+\s*[-+]?=", r"Write-Error", r"\.Fail\w*\(", r"\bInvoke-\w+", r"\b(?:Install|Save|Start|New|Set|Add)-\w+",
)  # fmt: skip
_LINES_OF_CATCH: Final = 40
_START: Final = re.compile(r"(?<![\w-])(?:Start-Process|saps)\b", re.IGNORECASE)
_SPLATTED: Final = re.compile(r"\s@\w")
_WAITS: Final = words(r"\s-Wait\b(?!:\s*\$false)", r"\.WaitForExit\(", r"\bWait-Process\b")
_EXIT_CODE: Final = words(r"\.ExitCode\b", r"\.HasExited\b")
_MSIEXEC: Final = re.compile(r"^\s*(?:&\s*)?[\"']?(?:\S{1,200}\\)?msiexec(?:\.exe)?[\"']?\s", re.IGNORECASE)
_MSIEXEC_WAITED: Final = words(r"\|\s*(?:Out-\w+|Write-\w+|Tee-\w+)", r"^\s*\$\w+\s*=")
_LAST_EXIT_CODE: Final = re.compile(r"\$(?:global:)?LASTEXITCODE\b", re.IGNORECASE)
_CMDLET: Final = re.compile(
    r"^\s*(?:\$[\w:.]+\s*=\s*)?(?:Start-Process|Invoke-WebRequest|Invoke-RestMethod|iwr|irm|Start-BitsTransfer|Expand-Archive"
    r"|Install-(?:Module|Package|PackageProvider|WindowsFeature)|(?:Copy|Move|New|Remove)-Item|Set-ItemProperty|Import-Module"
    r"|Add-AppxPackage|Add-AppxProvisionedPackage|Enable-WindowsOptionalFeature)\b[^;]*$",
    re.IGNORECASE,
)
_RETURNS_EXIT_CODE: Final = re.compile(r"^\s*return\s+\$?\(?.{0,200}\.ExitCode\b", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"^\s*(?:function|filter)\s|=\s*\{\s*$|-ScriptBlock\s*\{", re.IGNORECASE)
_ONLY_0_IS_GOOD: Final = re.compile(
    r"\.ExitCode\s*-(?:ne|eq|gt|cne|ceq)\s*0\b|\b0\s*-(?:ne|eq)\s*\$\w+\.ExitCode", re.IGNORECASE
)
_3010: Final = re.compile(r"\b3010\b")
_INSTALLS: Final = words(r"msiexec", r"\.msi\b", r"\s/(?:i|quiet|qn|silent|install|norestart|s)\b")
_1603_IS_GOOD: Final = re.compile(
    r"^(?=.*\b1603\b)(?=.*\b(?:0|3010)\b)(?=.*(?:-in\b|-notin\b|-contains\b|-notcontains\b|-or\b|-and\b|@\())",
    re.IGNORECASE,
)


def _is_stopped(script: ScriptText) -> bool:
    return script.has(_STOPS)


def _ends_well_whatever_happened(script: ScriptText) -> Iterator[int]:
    commands = list(script.commands())
    if commands and not _is_stopped(script) and _ENDS_WELL.match(commands[-1][1].strip()):
        yield commands[-1][0]


def _goes_on(script: ScriptText) -> Iterator[int]:
    """Find a script of several commands that nothing stops; where its end tells no failure, that is told instead."""
    commands = [(number, command) for number, command in script.commands() if not _NO_WORK.match(command)]
    if len(commands) > 1 and not _is_stopped(script) and not _ENDS_WELL.match(commands[-1][1].strip()):
        yield commands[0][0]


def _passed_over(script: ScriptText) -> Iterator[int]:
    """Find each `catch` whose block does nothing but tell."""
    for number, command in script.commands():
        found = _CATCH.search(command)
        if found and not _TAKEN_UP.search(_block(script, number, found.end())):
            yield number


def _block(script: ScriptText, number: int, start: int) -> str:
    """Return the commands of a block, from behind its bracket on, as far as one can see."""
    depth, block = 1, list[str]()
    for line in (script.code[number][start:], *script.code[number + 1 : number + _LINES_OF_CATCH]):
        for at, character in enumerate(line):
            depth += (character == "{") - (character == "}")
            if depth == 0:
                return " ".join([*block, line[:at]])
        block.append(line)
    # What does not end here is not judged.
    return "throw"


def _not_waited_for(script: ScriptText) -> Iterator[int]:
    if not script.has(_WAITS):
        yield from commands_with(_START, unless=_SPLATTED)(script)
    else:
        yield from (
            number for number in commands_with(_START, unless=_SPLATTED)(script) if not _is_waited(script, number)
        )
    yield from commands_with(_MSIEXEC, unless=_MSIEXEC_WAITED)(script)


def _is_waited(script: ScriptText, number: int) -> bool:
    """Say whether a process is waited for where it is started, or is kept so that it can be waited for later."""
    command = script.code[number]
    return bool(_WAITS.search(command)) or re.match(r"\s*\$\w+\s*=", command) is not None


def _exit_codes_not_looked_at(script: ScriptText) -> Iterator[int]:
    if not script.has(_EXIT_CODE):
        for number in commands_with(_START, unless=_SPLATTED)(script):
            if _WAITS.search(script.code[number]):
                yield number


def _exit_code_of_a_cmdlet(script: ScriptText) -> Iterator[int]:
    before = ""
    for number, command in script.commands():
        if _LAST_EXIT_CODE.search(command) and _CMDLET.match(before):
            yield number
        before = command


def _returned_exit_codes(script: ScriptText) -> Iterator[int]:
    for number, command in script.commands():
        if _FUNCTION.search(command):
            return
        if _RETURNS_EXIT_CODE.match(command):
            yield number


def _restart_is_failure(script: ScriptText) -> Iterator[int]:
    if script.has(_INSTALLS) and not script.has(_3010):
        yield from commands_with(_ONLY_0_IS_GOOD)(script)


FAILURE_PATTERNS: Final = (
    ScriptPattern(
        "a good end whatever happened",
        _ends_well_whatever_happened,
        "the script ends with success whatever failed before: the build is green, and a tool may be missing",
        "`$ErrorActionPreference = 'Stop'` at the beginning, and a last command that proves what was installed",
    ),
    ScriptPattern(
        "no end at an error",
        _goes_on,
        "PowerShell goes on after most errors: the build is green, and a tool may be missing",
        "`$ErrorActionPreference = 'Stop'` as the first command",
    ),
    ScriptPattern(
        "an error passed over",
        _passed_over,
        "the error is caught and only told: the build is green, and what failed is missing",
        "`throw` at the end of the block, or no catch at all",
    ),
    ScriptPattern(
        "an installer not waited for",
        _not_waited_for,
        "the script goes on, and may end, while the installer is still at work, and never learns how it ended",
        "`$process = Start-Process … -Wait -PassThru`, and a look at $process.ExitCode",
    ),
    ScriptPattern(
        "an exit code not looked at",
        _exit_codes_not_looked_at,
        "a program that fails is no error to PowerShell: the build is green, and what it installs is missing",
        "`-Wait -PassThru`, and a throw where ExitCode is not 0 or 3010",
    ),
    ScriptPattern(
        "the exit code of another program",
        _exit_code_of_a_cmdlet,
        "a cmdlet does not set $LASTEXITCODE: it is that of the program that ran before",
        "-PassThru and ExitCode for Start-Process; `$ErrorActionPreference = 'Stop'` for other cmdlets",
    ),
    ScriptPattern(
        "an exit code that is only returned",
        _returned_exit_codes,
        "`return` in a script prints the number, and the script ends with 0",
        "`exit` with the number, or throw",
    ),
    ScriptPattern(
        "a restart taken for a failure",
        _restart_is_failure,
        "installers end with 3010 where they worked and want a restart: the build fails without a reason",
        "0 and 3010 as success, and a WindowsRestart customizer after the step",
    ),
    ScriptPattern(
        "a failure taken for success",
        commands_with(_1603_IS_GOOD),
        "1603 is the installer's fatal error: the build is green, and nothing was installed",
        "0 and 3010 as success, nothing else",
    ),
)
