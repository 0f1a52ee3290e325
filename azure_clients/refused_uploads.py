"""Notes on uploads of no use: `records/refused-uploads/<yyyy-MM of upload>/<SHA-256 of path and ETag>.json`."""

from datetime import datetime

from azure_clients import own_blobs
from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import few_at_once
from models.errors import AzureAbsent
from models.scripts import RefusedUpload
from policies.upkeep.script_contents import sha256_of

FOLDER = "refused-uploads/"


async def note(azure: AzureClients, refused: RefusedUpload) -> bool:
    """Write the note on a version of an upload; returns whether it is the first one."""
    version = sha256_of(f"{refused.path}\n{refused.etag}".encode("utf-8", "surrogatepass"))
    name = f"{FOLDER}{refused.uploaded_at:%Y-%m}/{version}.json"
    return await own_blobs.put_once(azure, name, refused.model_dump_json(indent=2).encode(), "application/json")


async def remove_before(azure: AzureClients, moment: datetime) -> tuple[str, ...]:
    """Remove the notes that were made before a moment; returns the paths that they are of."""
    notes = await own_blobs.list_in(azure, FOLDER)
    removed: list[str] = []
    for name in [note.name for note in notes if note.last_modified < moment]:
        content = await own_blobs.read(azure, name)
        await own_blobs.remove(azure, name)
        removed += [RefusedUpload.model_validate_json(content).path] if content else []
    return tuple(removed)


async def list_newest(azure: AzureClients, limit: int) -> tuple[RefusedUpload, ...]:
    """Return the newest notes, newest first, at most `limit` of them."""
    names: list[str] = []
    container = own_blobs.container_of(azure)
    try:
        async with azure_call("list the refused uploads"):
            months = [item.name async for item in container.walk_blobs(FOLDER, delimiter="/")]
            for month in sorted(months, reverse=True):
                notes = [(blob.last_modified, blob.name) async for blob in container.list_blobs(month)]
                names += [name for _, name in sorted(notes, reverse=True)]
                if len(names) >= limit:
                    break
    except AzureAbsent:
        return ()
    contents = await few_at_once(lambda name: own_blobs.read(azure, name), names[:limit])
    found = [RefusedUpload.model_validate_json(content) for content in contents if content is not None]
    return tuple(sorted(found, key=lambda one: (one.uploaded_at, one.noted_at), reverse=True))
