"""What a pattern of scripts is: how it is found, what happens where it stands, and what to write instead."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from configuration.scripts.text import ScriptText

# A name without a folder before it.
_NAME: Final = re.compile(r"(?<![./\\\w-])[\w.-]+")


@dataclass(frozen=True, slots=True)
class ScriptPattern:
    """A way in which scripts fail again and again.

    `name` is how the documentation calls it; `places` returns the numbers of the lines, from 0; `happens` and `instead`
    are what a remark says.
    """

    name: str
    places: Callable[[ScriptText], Iterable[int]]
    happens: str
    instead: str


def words(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern of several, each a regular expression, whatever their case."""
    return re.compile("|".join(f"(?:{each})" for each in alternatives), re.IGNORECASE)


def commands_with(
    found: re.Pattern[str], *, unless: re.Pattern[str] | None = None, unless_in_script: re.Pattern[str] | None = None
) -> Callable[[ScriptText], Iterator[int]]:
    """Find each command that matches, unless it, or any command of the script, matches something else too."""

    def places(script: ScriptText) -> Iterator[int]:
        if unless_in_script is None or not script.has(unless_in_script):
            for number, command in script.commands():
                if found.search(command) and not (unless and unless.search(command)):
                    yield number

    return places


def unmade_files(found: re.Pattern[str]) -> Callable[[ScriptText], Iterator[int]]:
    """Find each command that uses a `file` by a path from where the step begins, unless the script made it there."""

    def places(script: ScriptText) -> Iterator[int]:
        uses = [(number, match["file"]) for number, command in script.commands() if (match := found.search(command))]
        made = {name.lower() for _, command in script.commands() for name in _NAME.findall(command)} if uses else set()
        return (number for number, file in uses if file.lower() not in made)

    return places
