"""Assets: the customization scripts in the storage account that Azure Image Builder reads."""

from azure_clients import blobs, script_contents, storage_accounts
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import CONTENTS_AT_ONCE, few_at_once
from models.errors import AzureUnavailable, StepFailed
from models.failure import Failure
from models.pipeline_record import BuiltScript
from models.resources import StorageAccount
from models.stage_messages import StageScripts, UploadedScripts
from policies.upkeep.script_contents import scripts_as_built

NOTHING_TO_UPLOAD = (
    "Start a new run: it builds with the scripts as they are then. A run that waits for days needs the blobs "
    "script-contents/ of the container records."
)


async def upload_scripts(azure: AzureClients, request: StageScripts) -> UploadedScripts:
    """Upload the scripts of an image as they were when the run was asked for, whatever has changed meanwhile.

    Azure: GET Microsoft.Storage/storageAccounts; HEAD, and where the content differs PUT, of each blob; GET of each
    such content from the app's own account.
    Repeat: finds what is already there and uploads the rest.
    """
    endpoint = await _blob_endpoint(azure, request.account)
    wanted = _wanted(request)

    async def upload(script: BuiltScript) -> str | None:
        """Return the path of a script whose content is not kept any more."""
        there = await blobs.find_script(azure, endpoint, request.container, script.path)
        if there is not None and there.sha256 == script.sha256:
            return None
        content = await script_contents.find(azure, script.sha256)
        if content is None:
            return script.path
        await blobs.upload(azure, endpoint, request.container, script, content)
        return None

    lost = [path for path in await few_at_once(upload, wanted, CONTENTS_AT_ONCE) if path]
    if lost:
        raise _no_content(f"The contents of {', '.join(lost)} that the run was asked for with are not kept any more.")
    return UploadedScripts(blob_endpoint=endpoint, scripts=wanted)


async def find_scripts(azure: AzureClients, request: StageScripts) -> UploadedScripts:
    """Find the scripts of an image where an earlier run uploaded them; fails naming those that are not there.

    Azure: GET Microsoft.Storage/storageAccounts; HEAD of each blob.
    Repeat: reads again.
    """
    endpoint = await _blob_endpoint(azure, request.account)
    paths = sorted({script.path for script in request.scripts})
    found = await few_at_once(lambda path: blobs.find_script(azure, endpoint, request.container, path), paths)
    missing = [path for path, script in zip(paths, found, strict=True) if script is None]
    if missing:
        raise StepFailed(
            Failure(
                code="ScriptsMissing",
                message=f"Not in the container {request.container} of {request.account.name}: {', '.join(missing)}.",
                what_to_do="Run once with the scope 'only-assets-and-image', which uploads the scripts.",
            )
        )
    return UploadedScripts(blob_endpoint=endpoint, scripts=tuple(script for script in found if script))


def _wanted(request: StageScripts) -> tuple[BuiltScript, ...]:
    """Return what is to lie in the container: the run's content of each script that the image template refers to."""
    known = {content.path for content in request.contents}
    unknown = sorted({script.source_file for script in request.scripts} - known)
    if unknown:
        raise _no_content(f"The run was asked for without the contents of {', '.join(unknown)}.")
    return scripts_as_built(request.scripts, request.contents)


def _no_content(message: str) -> StepFailed:
    return StepFailed(Failure(code="ScriptContentMissing", message=message, what_to_do=NOTHING_TO_UPLOAD))


async def _blob_endpoint(azure: AzureClients, account: StorageAccount) -> str:
    state = await storage_accounts.get(azure, account)
    if state.blob_endpoint is None:
        operation = f"find the blob endpoint of {account.name}"
        raise AzureUnavailable(operation, f"StorageAccount{state.state}", "The account has no blob endpoint yet.")
    return state.blob_endpoint
