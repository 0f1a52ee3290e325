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


async def remove_before(azure: AzureClients, moment: datetime, most: int) -> tuple[str, ...]:
    """Remove notes that were made before a moment, at most `most` of them; returns the paths that they are of."""

    async def remove(name: str) -> str | None:
        content = await own_blobs.read(azure, name)
        await own_blobs.remove(azure, name)
        return RefusedUpload.model_validate_json(content).path if content else None

    removed = await few_at_once(remove, await _made_before(azure, moment, most))
    return tuple(path for path in removed if path is not None)


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


async def _made_before(azure: AzureClients, moment: datetime, most: int) -> list[str]:
    """Return the names of notes that were made before a moment; the list of all is read no further than it takes."""
    names: list[str] = []
    try:
        async with azure_call("list the refused uploads"):
            async for note in own_blobs.container_of(azure).list_blobs(FOLDER):
                if len(names) == most:
                    break
                if note.last_modified < moment:
                    names.append(note.name)
    except AzureAbsent:
        return []
    return names
