"""Image versions of a compute gallery (Microsoft.Compute/galleries/images/versions)."""

from dataclasses import dataclass

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import has_failed, plain_text, region_name
from models.errors import AzureAbsent
from models.pipeline_record import RegionalReplication
from policies.redaction import redacted
from policies.resources.resource_ids import parse_resource_id

UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Replication:
    """How far an image version is replicated: the aggregated state, and each region's."""

    state: str
    regions: tuple[RegionalReplication, ...]


async def get_replication(azure: AzureClients, image_version_id: str) -> Replication | None:
    """Return how far the replication of an image version is, or None where the version is not there."""
    parts = parse_resource_id(image_version_id)
    try:
        async with azure_call(f"read image version {image_version_id}"):
            found = await azure.compute(parts["subscriptions"]).gallery_image_versions.get(
                parts["resourcegroups"],
                parts["galleries"],
                parts["images"],
                parts["versions"],
                expand="ReplicationStatus",
            )
    except AzureAbsent:
        return None
    status = found.properties.replication_status if found.properties else None
    return Replication(
        state=plain_text(status.aggregated_state if status else None) or UNKNOWN,
        regions=tuple(
            RegionalReplication(
                image_version_id=image_version_id,
                name=region_name(region.region or ""),
                state=plain_text(region.state) or UNKNOWN,
                progress=region.progress,
                details=redacted(region.details or "") or None,
            )
            for region in (status and status.summary) or ()
        ),
    )


async def find_failed(azure: AzureClients, image_definition_id: str) -> dict[str, dict[str, str]]:
    """Return the tags of each version of an image definition whose provisioning failed, by its id."""
    parts = parse_resource_id(image_definition_id)
    versions = azure.compute(parts["subscriptions"]).gallery_image_versions
    names = (parts["resourcegroups"], parts["galleries"], parts["images"])
    try:
        async with azure_call(f"read versions of {parts['images']}"):
            found = [one async for one in versions.list_by_gallery_image(*names)]
    except AzureAbsent:
        return {}
    return {f"{image_definition_id}/versions/{one.name}": one.tags or {} for one in found if has_failed(one)}


async def delete_failed(azure: AzureClients, image_version_id: str) -> None:
    """Ask for the removal of a version whose provisioning failed; Azure goes on after the answer.

    One that is not there, or is not `Failed` any more, is left alone.
    """
    parts = parse_resource_id(image_version_id)
    versions = azure.compute(parts["subscriptions"]).gallery_image_versions
    names = (parts["resourcegroups"], parts["galleries"], parts["images"], parts["versions"])
    try:
        async with azure_call(f"delete image version {image_version_id}"):
            if has_failed(await versions.get(*names)):
                await versions.begin_delete(*names, polling=False)
    except AzureAbsent:
        return
