"""Managed images, as sources and as results of builds (Microsoft.Compute/images)."""

from azure.mgmt.compute import models

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import has_failed, plain_text, region_name
from models.artifacts import HalfMadeArtifact
from models.errors import AzureAbsent
from models.source_image import ManagedImageSource, SourceImage
from policies.removal.leftovers import run_of_tags
from policies.resources.resource_ids import parse_resource_id


async def find(azure: AzureClients, image: ManagedImageSource) -> SourceImage | None:
    """Read the facts of a managed image, or None where there is none; it has neither an architecture nor a plan."""
    found = await _find(azure, image.image_id)
    if found is None:
        return None
    properties = found.properties
    return SourceImage(
        version=parse_resource_id(image.image_id)["images"],
        hyper_v_generation=plain_text(properties.hyper_v_generation) if properties else None,
        security_types=None,
        regions=frozenset({region_name(found.location)}),
    )


async def find_half_made(azure: AzureClients, image_id: str) -> HalfMadeArtifact | None:
    """Return a managed image of a run whose provisioning failed; None where it is another, or absent."""
    found = await _find(azure, image_id)
    run_id = run_of_tags(found.tags) if found else None
    if found is None or run_id is None or not has_failed(found):
        return None
    return HalfMadeArtifact(id=image_id, run_id=run_id)


async def delete(azure: AzureClients, image_id: str) -> None:
    """Ask for the removal of a managed image; Azure goes on after the answer. Raises AzureAbsent without its group."""
    parts = parse_resource_id(image_id)
    async with azure_call(f"delete managed image {parts['images']}"):
        await azure.compute(parts["subscriptions"]).images.begin_delete(
            parts["resourcegroups"], parts["images"], polling=False
        )


async def _find(azure: AzureClients, image_id: str) -> models.Image | None:
    parts = parse_resource_id(image_id)
    try:
        async with azure_call(f"read managed image {parts['images']}"):
            return await azure.compute(parts["subscriptions"]).images.get(parts["resourcegroups"], parts["images"])
    except AzureAbsent:
        return None
