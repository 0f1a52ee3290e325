"""Publication: what a build made, and what is inside it."""

from azure_clients import blobs, image_templates, image_versions, storage_accounts, tags
from azure_clients.connection import AzureClients
from models.errors import AzureError, AzureUnavailable
from models.pipeline_record import Publication
from models.stage_messages import Done, Lineage, PublicationRequest, Published
from policies.builds.publication import replication_of_all


async def get_publication(azure: AzureClients, request: PublicationRequest) -> Published:
    """Read what a build published: run outputs, image versions and their replication, exact source, address of the log.

    Azure: GET imageTemplates and runOutputs (Microsoft.VirtualMachineImages), GET galleries/images/versions
    (Microsoft.Compute), list of the staging group's storage accounts and of their `packerlogs`.
    Repeat: reads again; asks for another try while a version that is expected is not there.
    """
    template = await image_templates.get(azure, request.template)
    outputs = await image_templates.list_run_outputs(azure, request.template)
    version_ids = [output.artifact for output in outputs if "/galleries/" in output.artifact.lower()]
    read = {version_id: await image_versions.get_replication(azure, version_id) for version_id in version_ids}
    found = {version_id: replication for version_id, replication in read.items() if replication}
    if request.version_expected and (not found or len(found) < len(read)):
        operation = f"find the image version of {request.template.name}"
        missing = ", ".join(version_id for version_id in read if version_id not in found)
        raise AzureUnavailable(operation, "ImageVersionAbsent", f"{missing or 'It'} is not there (yet).")
    return Published(
        publication=Publication(
            image_version_id=next(iter(found), None),
            replication_state=replication_of_all([replication.state for replication in found.values()]),
            template_name=request.template.name,
            exact_source_version=template.exact_source_version,
            scripts=request.scripts,
            log_url=await _find_log(azure, request.template.subscription_id, template.staging_resource_group),
            outputs=outputs,
            regions=tuple(region for replication in found.values() for region in replication.regions),
        )
    )


async def publish_lineage(azure: AzureClients, lineage: Lineage) -> Done:
    """Write tags onto a published artifact, beside those that it has.

    Azure: PATCH Microsoft.Resources/tags at the artifact's scope (`Merge`).
    Repeat: merges the same tags.
    """
    await tags.merge(azure, lineage.artifact, lineage.tags)
    return Done()


async def _find_log(azure: AzureClients, subscription_id: str, staging_group: str | None) -> str | None:
    """Return the address of the log, or None where the staging group cannot be read: no reason to fail a good build."""
    if staging_group is None:
        return None
    try:
        endpoints = await storage_accounts.list_blob_endpoints(azure, subscription_id, staging_group)
    except AzureError:
        return None
    return await blobs.find_build_log(azure, endpoints)
