"""Image versions of a compute gallery (Microsoft.Compute/galleries/images/versions)."""

from dataclasses import dataclass

from azure.mgmt.compute import models
from azure.mgmt.compute.aio.operations import GalleryImageVersionsOperations

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import has_failed, plain_text, region_name
from models.artifacts import HalfMadeArtifact
from models.errors import AzureAbsent
from models.pipeline_record import RegionalReplication
from models.redaction import redacted
from policies.removal.leftovers import run_of_tags
from policies.resources.resource_ids import parse_resource_id

UNKNOWN = "Unknown"
USABLE = "completed"


@dataclass(frozen=True)
class Replication:
    """How far an image version is replicated: the aggregated state, and each region's."""

    state: str
    regions: tuple[RegionalReplication, ...]


async def get_replication(azure: AzureClients, image_version_id: str) -> Replication | None:
    """Return how far the replication of an image version is, or None where the version is not there."""
    found = await _find(azure, image_version_id)
    return None if found is None else _replication(image_version_id, found)


async def list_failed(azure: AzureClients, image_definition_id: str) -> tuple[str, ...]:
    """Return the ids of the versions of an image definition whose provisioning failed."""
    parts = parse_resource_id(image_definition_id)
    versions = _versions(azure, image_definition_id)
    names = (parts["resourcegroups"], parts["galleries"], parts["images"])
    try:
        async with azure_call(f"read versions of {parts['images']}"):
            failed = [one.name async for one in versions.list_by_gallery_image(*names) if has_failed(one)]
    except AzureAbsent:
        return ()
    return tuple(f"{image_definition_id}/versions/{name}" for name in failed)


async def find_half_made(azure: AzureClients, image_version_id: str) -> HalfMadeArtifact | None:
    """Return a version of a run that failed and can be used in no region; None where it is another, or absent."""
    found = await _find(azure, image_version_id)
    run_id = run_of_tags(found.tags) if found else None
    if found is None or run_id is None or not has_failed(found):
        return None
    is_usable = any(region.state.lower() == USABLE for region in _replication(image_version_id, found).regions)
    return None if is_usable else HalfMadeArtifact(id=image_version_id, run_id=run_id)


async def delete(azure: AzureClients, image_version_id: str) -> None:
    """Ask for the removal of a version; Azure goes on after the answer. Raises AzureAbsent without its gallery."""
    async with azure_call(f"delete image version {image_version_id}"):
        await _versions(azure, image_version_id).begin_delete(*_names(image_version_id), polling=False)


def _replication(image_version_id: str, found: models.GalleryImageVersion) -> Replication:
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


async def _find(azure: AzureClients, image_version_id: str) -> models.GalleryImageVersion | None:
    try:
        async with azure_call(f"read image version {image_version_id}"):
            return await _versions(azure, image_version_id).get(*_names(image_version_id), expand="ReplicationStatus")
    except AzureAbsent:
        return None


def _versions(azure: AzureClients, resource_id: str) -> GalleryImageVersionsOperations:
    return azure.compute(parse_resource_id(resource_id)["subscriptions"]).gallery_image_versions


def _names(image_version_id: str) -> tuple[str, str, str, str]:
    parts = parse_resource_id(image_version_id)
    return parts["resourcegroups"], parts["galleries"], parts["images"], parts["versions"]
