"""The container `uploads` of the app's own account, where operators put scripts."""

from azure.core import MatchConditions
from azure.storage.blob.aio import ContainerClient

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureAbsent, AzureRefused
from models.scripts import Upload

CONTAINER = "uploads"
CHANGED = "ConditionNotMet"


async def list_all(azure: AzureClients) -> tuple[Upload, ...]:
    """Return everything that lies in the container; nothing where there is no container."""
    try:
        async with azure_call(f"list the container {CONTAINER}"):
            return tuple(
                [
                    Upload(
                        path=blob.name,
                        etag=str(blob.etag).strip('"'),
                        size=blob.size or 0,
                        uploaded_at=blob.last_modified,
                        created_at=blob.creation_time,
                    )
                    async for blob in _container(azure).list_blobs()
                ]
            )
    except AzureAbsent:
        return ()


async def read(azure: AzureClients, upload: Upload) -> bytes | None:
    """Return the content of this version of an upload, or None where it has changed or gone meanwhile."""
    try:
        async with azure_call(f"read the upload {upload.path}"):
            download = await _container(azure).download_blob(
                upload.path, etag=f'"{upload.etag}"', match_condition=MatchConditions.IfNotModified
            )
            return await download.readall()
    except AzureAbsent:
        return None
    except AzureRefused as refused:
        if refused.code != CHANGED:
            raise
        return None


def _container(azure: AzureClients) -> ContainerClient:
    return azure.blobs(azure.app_blob_endpoint).get_container_client(CONTAINER)
