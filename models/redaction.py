"""What of a text may be told: the one place that knows what keys, tokens and passwords look like in it.

Where it cannot be sure it cuts too much. The patterns look at each character a bounded number of times, whatever stands
there: the texts come from outside.
"""

import re
from typing import Final

# A public key's token is none: .NET names its assemblies by it.
_NAME: Final = r"(?:account|access|api)_?key|passw(?:or)?d|pwd|secret|sig|shared_?access_?signature|(?<!publickey)token"
_HEADER: Final = r"(?:api|functions|subscription)-key"
_SCHEME: Final = r"basic|bearer|sharedkey|sharedkeylite|sharedaccesssignature"
# JSON may stand in a text as it is, or as the text of JSON, with `\"` and `\/`.
_QUOTE: Final = r"\\?[\"']"
_SLASHES: Final = r":\\?/\\?/"
# Each pattern with what is kept before the mark.
_SECRETS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), kept)
    for pattern, kept in (
        # Who signs in may be a password or a token; the query of an address may be a signature, or a function's key.
        (rf"({_SLASHES})[^\s/?#@\"'<>\\]{{1,500}}@", r"\1{}@"),
        (rf"({_SLASHES}[^\s?\"'<>]{{1,500}}+)\?[^\s\"'<>]+", r"\1?{}"),
        (r"\?[\w.$%-]{1,80}=[^\s\"'<>]+", r"?{}"),
        # AccountKey=..., "password": "...", x-functions-key: ...
        (rf"((?:{_NAME})\s?=\s?)[^\s;&\"']+", r"\1{}"),
        (rf"((?:{_NAME})(?:\s?=|{_QUOTE}\s?[:=])\s?{_QUOTE})[^\"']+", r"\1{}"),
        (rf"((?:{_HEADER})(?:{_QUOTE})?\s?[:=]\s?(?:{_QUOTE})?)[^\s\"',;]+", r"\1{}"),
        # Authorization: Basic ..., Bearer ..., and a JSON Web Token on its own.
        (rf"(authorization(?:{_QUOTE})?\s?[:=]\s?(?:{_QUOTE})?(?:{_SCHEME})\s)[^\s\"']+", r"\1{}"),
        (r"(\bbearer\s{1,4})(?:ey[\w.~+/=-]+|[\w.~+/=-]{20,})", r"\1{}"),
        (r"(?<![\w-])eyj[\w-]{8,}+\.[\w.-]+", r"{}"),
    )
)


def redacted(text: str, mark: str = "...") -> str:
    """Return the text with `mark` in place of each query of an address, of who signs in, and of keys and tokens."""
    for pattern, kept in _SECRETS:
        text = pattern.sub(kept.format(mark), text)
    return text
