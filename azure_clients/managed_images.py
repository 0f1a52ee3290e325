"""Managed images, as sources of builds (Microsoft.Compute/images)."""

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import plain_text, region_name
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
