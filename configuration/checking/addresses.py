"""Checks the parts of an address that its form alone does not tell: who signs in, host and port."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from configuration.checking.shape import refusal

_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f]")
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)


def refuse_strange_address(address: str) -> str:
    """Return the address; raises a refusal where nothing can be fetched from it, or where it tells a password."""
    if _CONTROL_CHARACTER.search(address):
        raise refusal("a control character stands in the address", "the address without it")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise refusal("the host of the address is none", "https://<host>/<path>") from None
    if "@" in parts.netloc:
        problem = "a user name or a password stands in the address: everyone who sees the image template can read it"
        raise refusal(problem, "an address that needs none, such as one in the scripts' container")
    if not _HOST.fullmatch(parts.hostname or ""):
        raise refusal("the host of the address is none", "https://<host>/<path>, the host in ASCII")
    if not _has_port_or_none(parts):
        raise refusal("the port of the address is none", "a port from 1 to 65535, or none")
    return address


def _has_port_or_none(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
