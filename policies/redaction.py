"""Decides what of an address may be told: a query may be a signature, and who signs in may be a password or a token."""

import re

QUERY_OF_AN_ADDRESS = re.compile(r"(https?://[^\s?\"'<>]{1,2000})\?[^\s\"'<>]+", re.IGNORECASE)
WHO_SIGNS_IN = re.compile(r"(https?://)[^\s/?#@\"'<>]{1,2000}@", re.IGNORECASE)


def redacted(text: str) -> str:
    """Cut the query off each address, and who signs in."""
    return WHO_SIGNS_IN.sub(r"\1...@", QUERY_OF_AN_ADDRESS.sub(r"\1?...", text))
