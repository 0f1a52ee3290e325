"""Finds what a sample left for the operator to fill in."""

import re
from typing import Final

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
_ARM_EXPRESSION: Final = re.compile(r"\[(?!\[).*\]", re.DOTALL)


def find_placeholder(text: str) -> str | None:
    """Return the first placeholder in a name, id, address or version, as it stands there.

    Not meant for commands: redirections, HTML and shell variables are normal there.
    """
    if _ARM_EXPRESSION.fullmatch(text.strip()):
        return text.strip()
    found = _PLACEHOLDER.search(text)
    return found.group() if found else None
