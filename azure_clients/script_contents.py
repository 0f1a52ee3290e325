"""The contents of scripts that runs build with: `records/script-contents/<SHA-256>`, written once and never changed."""

from azure_clients import own_blobs
from azure_clients.connection import AzureClients
from policies.script_contents import sha256_of

FOLDER = "script-contents/"


async def keep(azure: AzureClients, content: bytes) -> str:
    """Keep a content, if it is not kept yet; returns its SHA-256."""
    sha256 = sha256_of(content)
    if not await is_kept(azure, sha256):
        await own_blobs.put_once(azure, _name(sha256), content, "application/octet-stream")
    return sha256


async def is_kept(azure: AzureClients, sha256: str) -> bool:
    """Say whether the content with this SHA-256 is kept."""
    return await own_blobs.is_there(azure, _name(sha256))


async def find(azure: AzureClients, sha256: str) -> bytes | None:
    """Return the content with this SHA-256; None where it is not kept, or is not what it was."""
    content = await own_blobs.read(azure, _name(sha256))
    return content if content is not None and sha256_of(content) == sha256 else None


def _name(sha256: str) -> str:
    return f"{FOLDER}{sha256}"
