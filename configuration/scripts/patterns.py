"""Looks for the patterns with which scripts fail again and again; what it finds is worth a remark and stops nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from configuration.scripts.any_patterns import ANY_SCRIPT_PATTERNS
from configuration.scripts.pattern import ScriptPattern
from configuration.scripts.powershell_patterns import POWERSHELL_PATTERNS
from configuration.scripts.shell_patterns import SHELL_PATTERNS
from configuration.scripts.text import Language, ScriptText

PATTERNS: Final[Mapping[Language, tuple[ScriptPattern, ...]]] = {
    Language.SHELL: (*ANY_SCRIPT_PATTERNS, *SHELL_PATTERNS),
    Language.BASH: (*ANY_SCRIPT_PATTERNS, *SHELL_PATTERNS),
    Language.POWERSHELL: (*ANY_SCRIPT_PATTERNS, *POWERSHELL_PATTERNS),
    Language.OTHER: ANY_SCRIPT_PATTERNS,
}
_MOST_PLACES_TOLD: Final = 5


class Hit(NamedTuple):
    """A pattern that a script has, and the numbers of its lines, from 0."""

    pattern: ScriptPattern
    lines: tuple[int, ...]

    def problem(self, name_of_line: Callable[[int], str]) -> str:
        """Return what happens where the pattern stands, and the places where it stands besides the first."""
        others = [name_of_line(line) for line in self.lines[1:]]
        shown = ", ".join(others[:_MOST_PLACES_TOLD])
        more = f" and {len(others) - _MOST_PLACES_TOLD} more" if len(others) > _MOST_PLACES_TOLD else ""
        also = f" (also {shown}{more})" if others else ""
        return f"{self.pattern.happens}{also}"


def find_patterns(script: ScriptText) -> Iterator[Hit]:
    """Return each pattern that a script has, in the order of the table: at most one hit for each."""
    for pattern in PATTERNS[script.language]:
        lines = tuple(sorted(set(pattern.places(script))))
        if lines:
            yield Hit(pattern, lines)


def in_reading_order(hits: Iterable[Hit]) -> list[Hit]:
    """Return hits by their first lines."""
    return sorted(hits, key=lambda hit: hit.lines[0])
