"""Remarks on how the steps of an image template may fail: their inline commands, and what stands beside a script."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from configuration.checking.json_with_comments import JsonPath
from configuration.image_template.agreement import Disagreement
from configuration.image_template.arm_properties import steps
from configuration.scripts.any_patterns import MOVING_ADDRESS
from configuration.scripts.patterns import find_patterns, in_reading_order
from configuration.scripts.text import Language, script_text
from models.message import JsonObject

_MOST_REMARKS: Final = 100
_LANGUAGES: Final = {"Shell": Language.SHELL, "PowerShell": Language.POWERSHELL}
_FATAL_MSI_ERROR: Final = 1603
_FOLDER_WRITTEN_TO: Final = re.compile(
    r"(?:>|Out-File|Set-Content|Add-Content|-FilePath|-Path)\s*[\"']?(?P<folder>[a-z]:\\{1,2}[^\\\s\"'>|;]{1,80})\\{1,2}",
    re.IGNORECASE,
)
_FOLDERS_OF_WINDOWS: Final = re.compile(r"[a-z]:\\+(?:windows|program files|programdata|users)", re.IGNORECASE)
# As much of the earlier steps as is looked through for the folder that a restart check writes into.
_MOST_CHARACTERS: Final = 100_000


def step_remarks(properties: JsonObject, scripts_account: str | None) -> Iterator[Disagreement]:
    """Return what often goes wrong in the steps, as much as anyone will read; the paths are ARM's.

    `scripts_account` is the storage account of the scripts, None where it is not known.
    """
    return islice(_all_remarks(properties, scripts_account), _MOST_REMARKS)


def _all_remarks(properties: JsonObject, scripts_account: str | None) -> Iterator[Disagreement]:
    earlier = ""
    # What a script makes is not known here.
    is_known = True
    for path, step in steps(properties):
        yield from _remarks_on_commands(path, step, scripts_account)
        yield from _remarks_beside_scripts(path, step)
        if is_known:
            yield from _missing_folder(path, step, earlier)
        earlier = f"{earlier} {step.get('inline')} {step.get('destination')}"[:_MOST_CHARACTERS]
        is_known = is_known and "scriptUri" not in step


def _remarks_on_commands(path: JsonPath, step: JsonObject, scripts_account: str | None) -> Iterator[Disagreement]:
    """Return a remark for each pattern, at the first command that has it: all commands of a step are one script."""
    language, inline = _LANGUAGES.get(str(step.get("type"))), step.get("inline")
    if language is None or not isinstance(inline, list):
        return
    # A command may have several lines itself: of each line, which command it is of.
    commands = [line if isinstance(line, str) else "" for line in inline]
    owners = [index for index, command in enumerate(commands) for _ in range(command.count("\n") + 1)]
    script = script_text("\n".join(commands), language, inline=True, scripts_account=scripts_account)
    for hit in in_reading_order(find_patterns(script)):
        problem = hit.problem(lambda line: f"inline[{owners[line]}]")
        yield Disagreement((*path, "inline", owners[hit.lines[0]]), problem, hit.pattern.instead)


def _remarks_beside_scripts(path: JsonPath, step: JsonObject) -> Iterator[Disagreement]:
    for key in ("scriptUri", "sourceUri"):
        address = step.get(key)
        if isinstance(address, str) and MOVING_ADDRESS.search(address) and not step.get("sha256Checksum"):
            problem = "the address leads to whatever is there on the day of the build, and nothing checks what came"
            yield Disagreement((*path, key), problem, "the address of a commit or release, and its sha256Checksum")
    codes = step.get("validExitCodes")
    if isinstance(codes, list) and _FATAL_MSI_ERROR in codes:
        problem = "1603 is the installer's fatal error: the build is green, and nothing was installed"
        yield Disagreement((*path, "validExitCodes"), problem, "[0, 3010]")


def _missing_folder(path: JsonPath, step: JsonObject, earlier: str) -> Iterator[Disagreement]:
    """Tell of a restart check that writes into a folder of which no earlier step speaks."""
    check: Any = step.get("restartCheckCommand")
    found = _FOLDER_WRITTEN_TO.search(check[:_MOST_CHARACTERS]) if isinstance(check, str) else None
    if found is None or _FOLDERS_OF_WINDOWS.match(found["folder"]):
        return
    if found["folder"].rpartition("\\")[2].lower() not in earlier.lower():
        problem = "the check writes into a folder that no earlier step makes: it fails until the restart's time-out"
        yield Disagreement((*path, "restartCheckCommand"), problem, "a folder that is there, such as C:\\Windows\\Temp")
