"""Compute galleries and image definitions (Microsoft.Compute/galleries)."""

from azure.mgmt.compute import models

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import region_name, resource_state
from models.configuration import ImageDefinition
from models.errors import AzureAbsent
from models.resources import Gallery, GalleryImageDefinition, ProvisioningState, ResourceState
from models.source_image import GalleryVersionSource, PurchasePlan, SourceImage
from policies.resources.resource_ids import parse_resource_id
from policies.resources.security_types import security_types


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


async def list_image_definitions(azure: AzureClients, gallery: Gallery) -> tuple[ImageDefinition, ...] | None:
    """Return the image definitions of a gallery as they are, or None where the gallery is not there."""
    try:
        async with azure_call(f"list image definitions of {gallery.name}"):
            listed = azure.compute(gallery.subscription_id).gallery_images.list_by_gallery(
                gallery.resource_group, gallery.name
            )
            found = [one async for one in listed]
    except AzureAbsent:
        return None
    return tuple(_image_definition(one) for one in found if one.properties)


async def find_source(azure: AzureClients, source: GalleryVersionSource) -> SourceImage | None:
    """Read the facts of a version that a build starts from, or None where there is no such version.

    `latest` comes to the highest version that is not excluded from it, and is where any of them is. What a version can
    do, its definition tells.
    """
    parts = parse_resource_id(source.image_version_id)
    compute = azure.compute(parts["subscriptions"])
    names = (parts["resourcegroups"], parts["galleries"], parts["images"])
    try:
        async with azure_call(f"read image definition {parts['images']}"):
            definition = _image_definition(await compute.gallery_images.get(*names))
        async with azure_call(f"read versions of {parts['images']}"):
            if parts["versions"].lower() == "latest":
                listed = compute.gallery_image_versions.list_by_gallery_image(*names)
                versions = [one async for one in listed if not _is_left_out(one)]
            else:
                versions = [await compute.gallery_image_versions.get(*names, parts["versions"])]
    except AzureAbsent:
        return None
    numbers = [version.name for version in versions if version.name]
    if not numbers:
        return None
    return SourceImage(
        version=max(numbers, key=lambda number: tuple(map(int, number.split(".")))),
        hyper_v_generation=definition.hyper_v_generation,
        architecture=definition.architecture,
        security_types=security_types(definition.security_type),
        plan=definition.plan,
        regions=_regions(versions),
    )


def _is_left_out(version: models.GalleryImageVersion) -> bool:
    """Say whether `latest` passes over a version."""
    profile = version.properties.publishing_profile if version.properties else None
    return bool(profile and profile.exclude_from_latest)


def _regions(versions: list[models.GalleryImageVersion]) -> frozenset[str] | None:
    """Return the regions that any of the versions is replicated to, or None where one does not tell its own."""
    profiles = [version.properties.publishing_profile if version.properties else None for version in versions]
    targets = [profile.target_regions if profile else None for profile in profiles]
    if not all(targets):
        return None
    return frozenset(region_name(region.name) for regions in targets for region in regions or ())


def _image_definition(found: models.GalleryImage) -> ImageDefinition:
    """Return a definition in the words of a parameter file, with what Azure puts for what it does not tell."""
    properties = found.as_dict().get("properties", {})
    features = {one.get("name"): one.get("value") for one in properties.get("features") or ()}
    security = features.get("SecurityType")
    plan = properties.get("purchasePlan")
    return ImageDefinition(
        name=found.name or "",
        os_type=properties["osType"],
        hyper_v_generation=properties.get("hyperVGeneration") or "V1",
        architecture=properties.get("architecture") or "x64",
        security_type=None if security in {"None", "Standard"} else security,
        plan=PurchasePlan.from_payload(plan) if plan else None,
        arm_properties=properties,
    )
