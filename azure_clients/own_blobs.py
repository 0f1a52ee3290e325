"""The container `records` of the app's own account, and blobs in it that are written once."""

from azure.storage.blob import BlobProperties, ContentSettings
from azure.storage.blob.aio import ContainerClient

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureAbsent, AzureRefused

CONTAINER = "records"
ALREADY_THERE = {"BlobAlreadyExists", "ContainerAlreadyExists"}


async def put_once(azure: AzureClients, name: str, content: bytes, content_type: str) -> bool:
    """Write a blob if there is none of this name; returns whether it was written. The container is made if missing."""
    try:
        return await _put_new(azure, name, content, content_type)
    except AzureAbsent:
        await make_container(azure)
        return await _put_new(azure, name, content, content_type)


async def make_container(azure: AzureClients) -> None:
    """Make the container; one that someone else has made meanwhile is fine."""
    try:
        async with azure_call(f"create container {CONTAINER}"):
            await container_of(azure).create_container()
    except AzureRefused as refused:
        # Several blobs may be the first ones, side by side.
        if refused.code not in ALREADY_THERE:
            raise


async def read(azure: AzureClients, name: str) -> bytes | None:
    """Return a blob's content, or None where there is no such blob."""
    try:
        async with azure_call(f"read {name}"):
            return await (await container_of(azure).download_blob(name)).readall()
    except AzureAbsent:
        return None


async def touch(azure: AzureClients, name: str) -> bool:
    """Let a blob count as new; returns whether there is such a blob."""
    try:
        async with azure_call(f"look for {name}"):
            await container_of(azure).get_blob_client(name).set_blob_metadata({})
    except AzureAbsent:
        return False
    return True


async def list_in(azure: AzureClients, folder: str) -> list[BlobProperties]:
    """Return the blobs of a folder; none where there is no container."""
    try:
        async with azure_call(f"list {folder}"):
            return [blob async for blob in container_of(azure).list_blobs(folder)]
    except AzureAbsent:
        return []


async def remove(azure: AzureClients, name: str) -> None:
    """Remove a blob; one that is not there is fine."""
    try:
        async with azure_call(f"remove {name}"):
            await container_of(azure).delete_blob(name)
    except AzureAbsent:
        return


async def put(azure: AzureClients, name: str, content: bytes, content_type: str) -> None:
    """Write a blob in place of the one that is there. The container is made if missing."""
    try:
        await _put(azure, name, content, content_type, overwrite=True)
    except AzureAbsent:
        await make_container(azure)
        await _put(azure, name, content, content_type, overwrite=True)


def container_of(azure: AzureClients) -> ContainerClient:
    """Return the container."""
    return azure.blobs(azure.app_blob_endpoint).get_container_client(CONTAINER)


async def _put(azure: AzureClients, name: str, content: bytes, content_type: str, *, overwrite: bool) -> None:
    settings = ContentSettings(content_type=content_type)
    async with azure_call(f"write {name}"):
        await container_of(azure).upload_blob(name, content, overwrite=overwrite, content_settings=settings)


async def _put_new(azure: AzureClients, name: str, content: bytes, content_type: str) -> bool:
    try:
        await _put(azure, name, content, content_type, overwrite=False)
    except AzureRefused as refused:
        if refused.code not in ALREADY_THERE:
            raise
        return False
    return True
