"""Decides what of a script goes into an image."""

import hashlib
from collections.abc import Iterable

from models.image_template import ScriptReference
from models.pipeline_record import BuiltScript
from models.scripts import ScriptContent


def as_built(content: bytes) -> bytes:
    """Return a script's bytes as they are built with: LF line ends; binary files (with a NUL byte) stay as they are."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, in lower case as Azure Image Builder asks for it."""
    return hashlib.sha256(content).hexdigest()


def scripts_as_built(
    references: Iterable[ScriptReference], contents: Iterable[ScriptContent]
) -> tuple[BuiltScript, ...]:
    """Return the scripts that an image template refers to as they are to lie in the container, without those missing.

    Contents go by the paths below `customization/`, what is built by the names of blobs.
    """
    known = {content.path: content for content in contents}
    sources = {reference.path: reference.source_file for reference in references}
    return tuple(
        BuiltScript(
            path=path,
            sha256=known[source].sha256,
            origin=known[source].origin,
            uploaded_at=known[source].uploaded_at,
        )
        for path, source in sorted(sources.items())
        if source in known
    )
