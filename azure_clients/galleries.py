"""Compute galleries, image definitions and image versions (Microsoft.Compute/galleries)."""

from azure.mgmt.compute import models

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import plain_text, resource_state
from models.errors import AzureAbsent
from models.resources import Gallery, GalleryImageDefinition, ProvisioningState, ResourceState
from policies.resource_ids import parse_resource_id


async def put(azure: AzureClients, gallery: Gallery) -> None:
    """Ask for the gallery; Azure goes on after the answer."""
    body = models.Gallery({"location": gallery.location, "properties": {}})
    async with azure_call(f"create gallery {gallery.name}"):
        await azure.compute(gallery.subscription_id).galleries.begin_create_or_update(
            gallery.resource_group, gallery.name, body, polling=False
        )


async def get(azure: AzureClients, gallery: Gallery) -> ResourceState:
    """Read the gallery; one that is not there is Absent."""
    try:
        async with azure_call(f"read gallery {gallery.name}"):
            found = await azure.compute(gallery.subscription_id).galleries.get(gallery.resource_group, gallery.name)
    except AzureAbsent:
        return ResourceState(id=gallery.id, state=ProvisioningState.ABSENT)
    return resource_state(gallery.id, found.properties.provisioning_state if found.properties else None)


async def put_image_definition(azure: AzureClients, definition: GalleryImageDefinition) -> None:
    """Ask for the image definition; refused where it would change what a definition is born with."""
    gallery = definition.gallery
    body = models.GalleryImage(
        {"location": gallery.location, "tags": definition.tags, "properties": definition.properties}
    )
    async with azure_call(f"create image definition {definition.name}"):
        await azure.compute(gallery.subscription_id).gallery_images.begin_create_or_update(
            gallery.resource_group,
            gallery.name,
            definition.name,
            body,
            polling=False,
        )


async def get_image_definition(azure: AzureClients, definition: GalleryImageDefinition) -> ResourceState:
    """Read the image definition; one that is not there is Absent."""
    gallery = definition.gallery
    try:
        async with azure_call(f"read image definition {definition.name}"):
            found = await azure.compute(gallery.subscription_id).gallery_images.get(
                gallery.resource_group, gallery.name, definition.name
            )
    except AzureAbsent:
        return ResourceState(id=definition.id, state=ProvisioningState.ABSENT)
    return resource_state(definition.id, found.properties.provisioning_state if found.properties else None)


async def get_replication_state(azure: AzureClients, image_version_id: str) -> str | None:
    """Return the aggregated replication state of an image version, or None where the version is not there."""
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
    return plain_text(status.aggregated_state if status else None) or "Unknown"
