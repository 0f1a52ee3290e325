"""Decides what of a script goes into an image."""

import hashlib


def as_built(content: bytes) -> bytes:
    """Return a script's bytes as they are built with: LF line ends; binary files (with a NUL byte) stay as they are."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, in lower case as Azure Image Builder asks for it."""
    return hashlib.sha256(content).hexdigest()
