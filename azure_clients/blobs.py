"""Blobs: the customization scripts in the operator's account, and the build logs in staging accounts."""

from datetime import datetime

from azure.storage.blob import ContentSettings

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureAbsent, AzureError
from models.pipeline_record import BuiltScript
from models.scripts import ScriptOrigin

PACKER_LOGS = "packerlogs"
BUILD_LOG = "/customization.log"
# Of a longer log the end is kept, where the failure stands.
LONGEST_LOG = 16 * 1024 * 1024


async def upload(azure: AzureClients, endpoint: str, container: str, script: BuiltScript, content: bytes) -> None:
    """Put a script in its place; what is known of it stands in the blob's metadata."""
    blob = azure.blobs(endpoint).get_blob_client(container, script.path)
    uploaded = {"uploadedat": script.uploaded_at.isoformat()} if script.uploaded_at else {}
    async with azure_call(f"upload script {script.path}"):
        await blob.upload_blob(
            content,
            overwrite=True,
            metadata={"sha256": script.sha256, "origin": script.origin.value, **uploaded},
            content_settings=ContentSettings(content_type="text/plain; charset=utf-8"),
        )


async def find_script(azure: AzureClients, endpoint: str, container: str, path: str) -> BuiltScript | None:
    """Return what was recorded when the script was uploaded, or None where there is no such blob of ours."""
    blob = azure.blobs(endpoint).get_blob_client(container, path)
    try:
        async with azure_call(f"read script {path}"):
            properties = await blob.get_blob_properties()
    except AzureAbsent:
        return None
    told = properties.metadata or {}
    if "sha256" not in told:
        return None
    return BuiltScript(
        path=path,
        sha256=told["sha256"],
        origin=ScriptOrigin(told.get("origin", ScriptOrigin.PACKAGED)),
        uploaded_at=datetime.fromisoformat(told["uploadedat"]) if "uploadedat" in told else None,
    )


async def read_build_log(azure: AzureClients, endpoints: tuple[str, ...]) -> bytes | None:
    """Return the end of `customization.log` in the staging account, or None where there is none."""
    for endpoint in endpoints:
        container = azure.blobs(endpoint).get_container_client(PACKER_LOGS)
        try:
            async with azure_call("read the build log"):
                async for blob in container.list_blobs():
                    if blob.name.endswith(BUILD_LOG):
                        offset = max(0, (blob.size or 0) - LONGEST_LOG)
                        download = await container.download_blob(blob.name, offset=offset or None)
                        return await download.readall()
        except AzureAbsent:
            continue
    return None


async def find_build_log(azure: AzureClients, endpoints: tuple[str, ...]) -> str | None:
    """Return the address of `customization.log` in the staging account, or of its container.

    Where the app may not read the staging account, the container's address is the best that can be told.
    """
    for endpoint in endpoints:
        container = azure.blobs(endpoint).get_container_client(PACKER_LOGS)
        try:
            async with azure_call("find the build log"):
                async for blob in container.list_blobs():
                    if blob.name.endswith(BUILD_LOG):
                        return f"{container.url}/{blob.name}"
        except AzureAbsent:
            continue
        except AzureError:
            return container.url
    return None
