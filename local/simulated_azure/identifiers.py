"""GUIDs that nobody else has."""

import secrets
import uuid


def new_guid() -> str:
    """A random GUID, in lower case."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
