"""Finds what a sample left for the operator to fill in, and what only ARM could evaluate."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from configuration.checking.json_with_comments import JsonPath, Node
from configuration.scripts.fetches import without_key_placeholder

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
# Under these keys stand commands, free texts, and what only expressions refer to.
_FREE_TEXTS: Final = frozenset(
    {
        "inline", "restartCommand", "restartCheckCommand", "searchCriteria", "filters", "description", "eula", "tags",
        "managedResourceTags", "artifactTags", "metadata", "$schema", "comments", "defaultValue", "allowedValues",
        "variables", "functions", "outputs",
    }
)  # fmt: skip
_COMMENT_KEY: Final = re.compile(r"//.*|#.*|_.*|\$?comments?", re.IGNORECASE | re.DOTALL)
# What ARM evaluates in a deployment; two brackets at the start stand for one that is meant.
_ARM_EXPRESSION: Final = re.compile(r"\[(?!\[).*\]", re.DOTALL)
# Elsewhere, commands may well stand in brackets; these are ARM's functions all the same.
_ARM_CALL: Final = re.compile(
    r"\[\s*(?:parameters|variables|concat|format|reference|resourceId|subscriptionResourceId|resourceGroup|subscription"
    r"|deployment|environment|uniqueString|guid|newGuid|utcNow|json|if|toLower|toUpper|replace|substring|split|join)"
    r"\s*\(.*\]",
    re.DOTALL,
)


class Found(NamedTuple):
    """The placeholders of a value, or of the key that its path ends with."""

    path: JsonPath
    placeholders: list[str]
    in_key: bool = False


def is_arm_expression(text: str) -> bool:
    """Say whether ARM would evaluate a text rather than take it as it is."""
    return _ARM_EXPRESSION.fullmatch(text.strip()) is not None


def find_placeholders(text: str) -> list[str]:
    """Return the placeholders in a name, id, address or version, as they stand there, each once.

    Not meant for commands: redirections, HTML and shell variables are normal there.
    """
    if is_arm_expression(text):
        return [text.strip()]
    return list(dict.fromkeys(found.group() for found in _PLACEHOLDER.finditer(text)))


def is_comment_key(key: str) -> bool:
    """Say whether a key only holds a comment, as people write it where JSON knows none."""
    return _COMMENT_KEY.fullmatch(key) is not None


def placeholders(node: Node, path: JsonPath = ()) -> Iterator[Found]:
    """Return the placeholders below a value; commands, free texts, tags and comments are passed over."""
    if isinstance(node.data, str) and (found := find_placeholders(without_key_placeholder(node.data))):
        yield Found(path, found)
    for part, child in node.children.items():
        if part in _FREE_TEXTS or (isinstance(part, str) and is_comment_key(part)):
            continue
        if isinstance(part, str) and (found := find_placeholders(part)):
            yield Found((*path, part), found, in_key=True)
        yield from placeholders(child, (*path, part))


def arm_expressions(node: Node, path: JsonPath, *, evaluated: bool) -> Iterator[Found]:
    """Return each text below a value that needs ARM to become what is meant, commands and tags included.

    `evaluated` says that ARM would evaluate all texts here, as it does in a deployment.
    """
    form = _ARM_EXPRESSION if evaluated else _ARM_CALL
    if isinstance(node.data, str) and form.fullmatch(node.data.strip()):
        yield Found(path, [node.data.strip()])
    for part, child in node.children.items():
        if isinstance(part, str) and form.fullmatch(part.strip()):
            yield Found((*path, part), [part.strip()], in_key=True)
        yield from arm_expressions(child, (*path, part), evaluated=evaluated)
