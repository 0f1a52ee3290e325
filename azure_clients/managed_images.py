"""Managed images, as sources and as results of builds (Microsoft.Compute/images)."""

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import has_failed, plain_text, region_name
from models.errors import AzureAbsent
from models.source_image import ManagedImageSource, SourceImage
from policies.resources.resource_ids import parse_resource_id


async def find(azure: AzureClients, image: ManagedImageSource) -> SourceImage | None:
    """Read the facts of a managed image, or None where there is none; it has neither an architecture nor a plan."""
    parts = parse_resource_id(image.image_id)
    try:
        async with azure_call(f"read managed image {parts['images']}"):
            found = await azure.compute(parts["subscriptions"]).images.get(parts["resourcegroups"], parts["images"])
    except AzureAbsent:
        return None
    properties = found.properties
    return SourceImage(
        version=parts["images"],
        hyper_v_generation=plain_text(properties.hyper_v_generation) if properties else None,
        security_types=None,
        regions=frozenset({region_name(found.location)}),
    )


async def find_failed(azure: AzureClients, image_id: str) -> dict[str, dict[str, str]]:
    """Return the tags of a managed image whose provisioning failed, by its id; none where it is another, or absent."""
    parts = parse_resource_id(image_id)
    try:
        async with azure_call(f"read managed image {parts['images']}"):
            found = await azure.compute(parts["subscriptions"]).images.get(parts["resourcegroups"], parts["images"])
    except AzureAbsent:
        return {}
    return {image_id: found.tags or {}} if has_failed(found) else {}


async def delete_failed(azure: AzureClients, image_id: str) -> None:
    """Ask for the removal of a managed image whose provisioning failed; Azure goes on after the answer.

    One that is not there, or is not `Failed` any more, is left alone.
    """
    parts = parse_resource_id(image_id)
    images = azure.compute(parts["subscriptions"]).images
    names = (parts["resourcegroups"], parts["images"])
    try:
        async with azure_call(f"delete managed image {parts['images']}"):
            if has_failed(await images.get(*names)):
                await images.begin_delete(*names, polling=False)
    except AzureAbsent:
        return
