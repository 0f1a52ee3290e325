"""A customization script as its patterns are looked for: line by line, without what is no command.

Scripts are hostile input: what is looked at is bounded, in lines and in all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_CHARACTERS: Final = 256 * 1024
LONGEST_LINE: Final = 1000

# A comment, or a text in quotes, in which `#` begins none.
_SHELL_COMMENT: Final = re.compile(r"""(?<![^\s;&|(])#.*|"(?:\\.|[^"\\])*"|'[^']*'""")
_POWERSHELL_COMMENT: Final = re.compile(r"""(?<![^\s;(){}|])#.*|<\#.*?\#>|"(?:`.|[^"`])*"|'[^']*'""")
_HERE_DOCUMENT: Final = re.compile(r"<<-?\s{0,9}\\?[\"']?(\w{1,80})[\"']?")
_HERE_STRING: Final = re.compile(r"@([\"'])\s*$")
# Messages are about commands, and are none: what would run something or write it to a file is kept.
_SHELL_MESSAGE: Final = re.compile(r"\s*(?:echo|printf|logger|log(?:_\w+)?)\b[^|&;>`]*$")
_POWERSHELL_MESSAGE: Final = re.compile(
    r"\s*(?:echo|Write-(?:Host|Output|Verbose|Information|Warning|Debug|Progress)|(?:Write-|Add-)?Log\w*)\b[^|;>]*$",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"""\$\(|"(?:[\\`].|[^"\\`$])*"|'[^']*'""")
_POWERSHELL_GOES_ON: Final = re.compile(r"(?:\s`|[,|])\s*$")
_SHEBANG: Final = re.compile(r"(?:#!\s*\S*?(?:/env\s+(?:-S\s+)?)?|#\s*shellcheck\s+shell=)(\w+)(?:\s.*)?$")


class Language(StrEnum):
    """What reads a script. `SHELL` is `/bin/sh`, which on Ubuntu and Debian is not bash."""

    SHELL = "sh"
    BASH = "bash"
    POWERSHELL = "PowerShell"
    OTHER = "another language"


@dataclass(frozen=True, slots=True)
class ScriptText:
    """A script: its lines as they stand there, and beside each what of it is a command, empty for what is none.

    A command that goes over several lines stands whole on its first. `inline` are the lines of one customization step;
    `scripts_account` is the name of the storage account of the scripts, which lets nobody read without an identity.
    """

    language: Language
    lines: Sequence[str]
    code: Sequence[str]
    inline: bool = False
    scripts_account: str | None = None

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Say whether a pattern is found in any command."""
        return any(pattern.search(line) for line in self.code)

    def commands(self) -> Iterator[tuple[int, str]]:
        """Return each command with the number of its line, from 0."""
        return ((number, line) for number, line in enumerate(self.code) if line)


def script_text(
    text: str, language: Language, *, inline: bool = False, scripts_account: str | None = None
) -> ScriptText:
    """Return a script that can be looked through; what is past the bounds is left out."""
    lines = [line[:LONGEST_LINE] for line in text[:MOST_CHARACTERS].split("\n")]
    bare = [line.removesuffix("\r") for line in lines]
    if language is Language.POWERSHELL:
        code = _joined(_powershell_code(bare), _POWERSHELL_GOES_ON)
    elif language is Language.OTHER:
        code = [""] * len(bare)
    else:
        code = _joined(_shell_code(bare), re.compile(r"\\$"))
    return ScriptText(language, lines, code, inline, scripts_account)


def language_of(path: str, text: str) -> Language:
    """Return what reads a script file: `/bin/sh` where its first line names nothing else, to system or shellcheck."""
    extension = path.rpartition("/")[2].lower().partition(".")[2].rpartition(".")[2]
    if extension in {"ps1", "psm1"}:
        return Language.POWERSHELL
    if extension not in {"sh", "bash"}:
        return Language.OTHER
    found = _SHEBANG.match(text[:LONGEST_LINE].partition("\n")[0].removesuffix("\r"))
    interpreter = found[1] if found else "sh"
    if interpreter in {"sh", "dash"}:
        return Language.SHELL
    return Language.BASH if interpreter in {"bash", "ksh", "zsh"} else Language.OTHER


def _shell_code(lines: Sequence[str]) -> Iterator[str]:
    end = None
    for line in lines:
        if end is not None:
            end = None if line.strip() == end else end
            yield ""
            continue
        code = _SHELL_COMMENT.sub(_without_comment, line).rstrip()
        here = _HERE_DOCUMENT.search(code) if "<<<" not in code else None
        end = here[1] if here else None
        yield "" if _SHELL_MESSAGE.match(_QUOTED.sub(_without_text, code)) else code


def _powershell_code(lines: Sequence[str]) -> Iterator[str]:
    end = None
    for line in lines:
        if end is not None:
            at = line.find(end)
            if at < 0 or (end != "#>" and line[:at].strip()):
                yield ""
                continue
            line = "''" + line[at + 2 :] if end != "#>" else line[at + 2 :]  # noqa: PLW2901  # the rest of the line is code
            end = None
        code = _POWERSHELL_COMMENT.sub(_without_comment, line)
        before, opened, _ = code.partition("<#")
        here = _HERE_STRING.search(code)
        if opened:
            code, end = before, "#>"
        elif here:
            end = f"{here[1]}@"
        code = code.rstrip()
        yield "" if _POWERSHELL_MESSAGE.match(_QUOTED.sub(_without_text, code)) else code


def _without_comment(found: re.Match[str]) -> str:
    return "" if found[0].startswith(("#", "<#")) else found[0]


def _without_text(found: re.Match[str]) -> str:
    return "|" if found[0] == "$(" else "''"


def _joined(code: Iterator[str], goes_on: re.Pattern[str]) -> list[str]:
    """Return the code with each command that goes over several lines on its first; no command grows without end."""
    joined: list[str] = []
    first: int | None = None
    for number, line in enumerate(code):
        continues = goes_on.search(line)
        part = line[: continues.start() + 1].rstrip("`\\") if continues else line
        if first is None:
            joined.append(part)
        else:
            joined[first] = f"{joined[first]} {part.strip()}"[:LONGEST_LINE]
            joined.append("")
        first = (number if first is None else first) if continues else None
    return joined
