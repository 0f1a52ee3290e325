"""Publication: what a build made, and what is inside it."""

from azure_clients import blobs, galleries, image_templates, storage_accounts
from azure_clients.connection import AzureClients
from models.errors import AzureError, AzureUnavailable
from models.pipeline_record import Publication
from models.stage_messages import PublicationRequest, Published


async def get_publication(azure: AzureClients, request: PublicationRequest) -> Published:
    """Read what a build published: run outputs, image version and its replication, source version, address of the log.

    Azure: GET imageTemplates and runOutputs (Microsoft.VirtualMachineImages), GET galleries/images/versions
    (Microsoft.Compute), list of the staging group's storage accounts and of their `packerlogs`.
    Repeat: reads again; asks for another try while a version that is expected is not there.
    """
    template = await image_templates.get(azure, request.template)
    outputs = await image_templates.list_run_outputs(azure, request.template)
    version_id = next((output.artifact for output in outputs if "/galleries/" in output.artifact.lower()), None)
    replication_state = await galleries.get_replication_state(azure, version_id) if version_id else None
    if request.version_expected and replication_state is None:
        operation = f"find the image version of {request.template.name}"
        raise AzureUnavailable(operation, "ImageVersionAbsent", f"{version_id or 'It'} is not there (yet).")
    return Published(
        publication=Publication(
            image_version_id=version_id,
            replication_state=replication_state,
            template_name=request.template.name,
            exact_source_version=template.exact_source_version,
            scripts=request.scripts,
            log_url=await _find_log(azure, request.template.subscription_id, template.staging_resource_group),
            outputs=outputs,
        )
    )


async def _find_log(azure: AzureClients, subscription_id: str, staging_group: str | None) -> str | None:
    """Return the address of the log, or None where the app may not read the staging group: no reason to fail."""
    if staging_group is None:
        return None
    try:
        endpoints = await storage_accounts.list_blob_endpoints(azure, subscription_id, staging_group)
    except AzureError:
        return None
    return await blobs.find_build_log(azure, endpoints)
