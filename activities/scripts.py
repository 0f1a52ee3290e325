"""Assets: the customization scripts in the storage account that Azure Image Builder reads."""

import asyncio
import hashlib
from pathlib import Path

from azure_clients import blobs, storage_accounts
from azure_clients.connection import AzureClients
from configuration.settings import Settings
from models.errors import AzureUnavailable, StepFailed
from models.failure import Failure
from models.image_template import ScriptReference
from models.pipeline_record import BuiltScript
from models.resources import StorageAccount
from models.stage_messages import StageScripts, UploadedScripts


async def upload_scripts(azure: AzureClients, settings: Settings, request: StageScripts) -> UploadedScripts:
    """Upload the scripts of an image, text with LF line ends, so that a stray CR never reaches a build.

    Azure: GET Microsoft.Storage/storageAccounts; HEAD, and PUT where the content differs, of each blob.
    Repeat: finds what is already there and uploads the rest.
    """
    endpoint = await _blob_endpoint(azure, request.account)
    contents = {script.path: _content(settings.customization_folder, script) for script in request.scripts}

    async def upload(path: str, content: bytes) -> BuiltScript:
        sha256 = hashlib.sha256(content).hexdigest()
        if await blobs.find_sha256(azure, endpoint, request.container, path) != sha256:
            await blobs.upload(azure, endpoint, request.container, path, content, sha256)
        return BuiltScript(path=path, sha256=sha256)

    uploaded = await asyncio.gather(*(upload(path, content) for path, content in sorted(contents.items())))
    return UploadedScripts(blob_endpoint=endpoint, scripts=tuple(uploaded))


async def find_scripts(azure: AzureClients, request: StageScripts) -> UploadedScripts:
    """Find the scripts of an image where an earlier run uploaded them; fails naming those that are not there.

    Azure: GET Microsoft.Storage/storageAccounts; HEAD of each blob.
    Repeat: reads again.
    """
    endpoint = await _blob_endpoint(azure, request.account)
    paths = sorted({script.path for script in request.scripts})
    found = await asyncio.gather(*(blobs.find_sha256(azure, endpoint, request.container, path) for path in paths))
    missing = [path for path, sha256 in zip(paths, found, strict=True) if sha256 is None]
    if missing:
        raise StepFailed(
            Failure(
                code="ScriptsMissing",
                message=f"Not in the container {request.container} of {request.account.name}: {', '.join(missing)}.",
                what_to_do="Run once with the scope 'only-assets-and-image', which uploads the scripts.",
            )
        )
    scripts = [BuiltScript(path=path, sha256=sha256) for path, sha256 in zip(paths, found, strict=True) if sha256]
    return UploadedScripts(blob_endpoint=endpoint, scripts=tuple(scripts))


async def _blob_endpoint(azure: AzureClients, account: StorageAccount) -> str:
    state = await storage_accounts.get(azure, account)
    if state.blob_endpoint is None:
        operation = f"find the blob endpoint of {account.name}"
        raise AzureUnavailable(operation, f"StorageAccount{state.state}", "The account has no blob endpoint yet.")
    return state.blob_endpoint


def _content(folder: Path, script: ScriptReference) -> bytes:
    """Return a script's bytes as they are uploaded; binary files (with a NUL byte) stay as they are."""
    content = (folder / script.source_file).read_bytes()
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")
