"""Remarks on the files that image templates refer to: scripts, and data that may hold a secret."""

from configuration.scripts.patterns import find_patterns, in_reading_order
from configuration.scripts.text import MOST_CHARACTERS, language_of, script_text
from models.faults import Remark


def script_remarks(file: str, content: bytes, scripts_account: str) -> tuple[Remark, ...]:
    """Return a remark for each pattern that a file has, at the first line that has it; binary files have none.

    `file` is how a remark calls it, `scripts_account` the storage account of the scripts.
    """
    if b"\0" in content:
        return ()
    # No character has more than four bytes, and what is past the bound is not looked at.
    text = content[: 4 * MOST_CHARACTERS].decode("utf-8-sig", "replace")
    script = script_text(text, language_of(file, text), scripts_account=scripts_account)
    return tuple(
        Remark(
            file=file,
            path="",
            line=hit.lines[0] + 1,
            problem=hit.problem(lambda line: f"line {line + 1}"),
            instead=hit.pattern.instead,
        )
        for hit in in_reading_order(find_patterns(script))
    )
