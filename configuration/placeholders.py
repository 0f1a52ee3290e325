"""Finds what a sample left for the operator to fill in."""

import re
from collections.abc import Iterator
from typing import Final

from configuration.json_with_comments import JsonPath, Node
from configuration.script_fetches import without_key_placeholder

_PLACEHOLDER: Final = re.compile(
    r"""
      <<[^<>]*>>                # <<subscriptionId>>
    | <[^<>]*>                  # <YourStorageAccount>
    | \$\{[^{}]*\}              # ${LOCATION}
    | \$\([\w.]+\)              # $(subscriptionId)
    | \{\{[^{}]*\}\}            # {{subscriptionId}}
    | \{[^{}]*\}                # {subscriptionId}
    | (?<![A-Za-z])PLACEHOLDER[\w-]*
    | \b[xX]{4,}(?:-[xX]{4,})*\b
    """,
    re.VERBOSE,
)
# Under these keys stand commands and free texts.
_FREE_TEXTS: Final = frozenset(
    {
        "inline", "restartCommand", "restartCheckCommand", "searchCriteria", "filters", "description", "eula", "tags",
        "managedResourceTags", "metadata", "$schema",
    }
)  # fmt: skip
_ARM_EXPRESSION: Final = re.compile(r"\[(?!\[).*\]", re.DOTALL)


def find_placeholder(text: str) -> str | None:
    """Return the first placeholder in a name, id, address or version, as it stands there.

    Not meant for commands: redirections, HTML and shell variables are normal there.
    """
    if _ARM_EXPRESSION.fullmatch(text.strip()):
        return text.strip()
    found = _PLACEHOLDER.search(text)
    return found.group() if found else None


def placeholders(node: Node, path: JsonPath = ()) -> Iterator[tuple[JsonPath, str]]:
    """Return each placeholder below a value, with its path; commands, free texts and tags are passed over."""
    if isinstance(node.data, str):
        found = find_placeholder(without_key_placeholder(node.data))
        if found:
            yield path, found
    for part, child in node.children.items():
        if part not in _FREE_TEXTS:
            yield from placeholders(child, (*path, part))
