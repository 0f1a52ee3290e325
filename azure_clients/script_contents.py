"""The contents of scripts that runs build with: `records/script-contents/<SHA-256>`, written once and never changed."""

from dataclasses import dataclass
from datetime import datetime

from azure.core import MatchConditions

from azure_clients import own_blobs
from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureAbsent, AzureRefused
from policies.upkeep.script_contents import sha256_of

FOLDER = "script-contents/"
CHANGED = "ConditionNotMet"


@dataclass(frozen=True)
class KeptContent:
    """A content that is kept, by its SHA-256; `asked_for_at` is when a run was last to build with it."""

    sha256: str
    etag: str
    asked_for_at: datetime


async def keep(azure: AzureClients, content: bytes) -> str:
    """Keep a content, if it is not kept yet; returns its SHA-256."""
    sha256 = sha256_of(content)
    if not await is_kept(azure, sha256):
        await own_blobs.put_once(azure, _name(sha256), content, "application/octet-stream")
    return sha256


async def is_kept(azure: AzureClients, sha256: str) -> bool:
    """Say whether the content with this SHA-256 is kept; if so, it counts as asked for now, and is not removed."""
    return await own_blobs.touch(azure, _name(sha256))


async def find(azure: AzureClients, sha256: str) -> bytes | None:
    """Return the content with this SHA-256; None where it is not kept, or is not what it was."""
    content = await own_blobs.read(azure, _name(sha256))
    return content if content is not None and sha256_of(content) == sha256 else None


async def list_kept(azure: AzureClients) -> tuple[KeptContent, ...]:
    """Return all contents that are kept."""
    blobs = await own_blobs.list_in(azure, FOLDER)
    return tuple(
        KeptContent(blob.name.removeprefix(FOLDER), str(blob.etag).strip('"'), blob.last_modified) for blob in blobs
    )


async def remove(azure: AzureClients, kept: KeptContent) -> bool:
    """Remove a content, unless it was asked for since it was listed; returns whether it was removed."""
    try:
        async with azure_call(f"remove the content {kept.sha256}"):
            await own_blobs.container_of(azure).delete_blob(
                _name(kept.sha256), etag=f'"{kept.etag}"', match_condition=MatchConditions.IfNotModified
            )
    except AzureAbsent:
        return False
    except AzureRefused as refused:
        if refused.code != CHANGED:
            raise
        return False
    return True


def _name(sha256: str) -> str:
    return f"{FOLDER}{sha256}"
