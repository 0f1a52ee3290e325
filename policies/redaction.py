"""Decides what of an address may be told: a query may be a signature, an operation's address is one large signature."""

import re

QUERY_OF_AN_ADDRESS = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+")


def without_queries(text: str) -> str:
    """Cut the query off each address."""
    return QUERY_OF_AN_ADDRESS.sub(r"\1?...", text)
