"""The source image of a template: whether it exists and what it is."""

from dataclasses import dataclass
from typing import Any

from local.simulated_azure.arm.messages import Json
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.image_templates.rejection import Rejection
from local.simulated_azure.providers.image_versions import versions_of
from local.simulated_azure.providers.marketplace_images import MarketplaceImage, find_image

LATEST = "latest"
# A source with one of these needs guest state, which Image Builder cannot generalize.
UNUSABLE_SECURITY_TYPES = ["TrustedLaunch", "ConfidentialVM"]


@dataclass(frozen=True)
class SourceImage:
    """What the result of a build inherits from its source."""

    os: str
    generation: str
    architecture: str
    security_type: str
    plan: Json | None
    exact_version: str | None
    """The template's `source.exactVersion`: a version number or an image version's id; None for managed images."""


def resolve_source(azure: Azure, source: Json) -> SourceImage:
    """Find the source.

    Raises:
        Rejection: It does not exist, or cannot be a source.
    """
    return _RESOLVERS[source["type"]](azure, source)


def _platform_image(_: Azure, source: Json) -> SourceImage:
    image = find_image(source.get("publisher") or "", source.get("offer") or "", source.get("sku") or "")
    version: str = source.get("version") or LATEST
    described = ":".join(str(source.get(name)) for name in ("publisher", "offer", "sku", "version"))
    if image is None or version not in {LATEST, *image.versions}:
        raise Rejection("BadPIRSource", "ValidationFailed", f"Source (PlatformImage) '{described}' was not found.")
    plan: Json | None = source.get("planInfo")
    named = (
        {"name": plan["planName"], "product": plan["planProduct"], "publisher": plan["planPublisher"]} if plan else None
    )
    if named != image.plan:
        raise _plan_rejection(image, described)
    return SourceImage(
        image.os,
        image.generation,
        image.architecture,
        image.security_type or "Standard",
        image.plan,
        image.versions[-1] if version == LATEST else version,
    )


def _plan_rejection(image: MarketplaceImage, described: str) -> Rejection:
    if image.plan is None:
        return Rejection("BadPIRSource", "ValidationFailed", f"The image '{described}' has no purchase plan.")
    return Rejection(
        "BadPIRSource",
        "PurchasePlanNotProvided",
        f"Creating a virtual machine from the image '{described}' requires the plan information "
        f"{image.plan} in the source's planInfo.",
    )


def _gallery_version(azure: Azure, source: Json) -> SourceImage:
    version_id: str = source["imageVersionId"]
    definition_id, _, name = version_id.rpartition("/versions/")
    definition = azure.resources.find(definition_id)
    usable = [] if definition is None else [v for v in versions_of(azure, definition.id) if v.state == "Succeeded"]
    if name.lower() == LATEST:
        usable = [v for v in usable if not v.properties["publishingProfile"]["excludeFromLatest"]][-1:]
    else:
        usable = [v for v in usable if v.name == name]
    if definition is None or not usable:
        raise Rejection(
            "BadSharedImageVersionSource",
            "ValidationFailed",
            f"Source (SharedImageVersion) '{version_id}' was not found.",
        )
    return _of_properties(definition.properties, usable[0].id)


def _managed_image(azure: Azure, source: Json) -> SourceImage:
    image = azure.resources.find(source["imageId"])
    if image is None:
        raise Rejection(
            "BadManagedImageSource",
            "ValidationFailed",
            f"Source (ManagedImage) '{source['imageId']}' was not found.",
        )
    disk = (image.properties.get("storageProfile") or {}).get("osDisk") or {}
    return _of_properties({"osType": disk.get("osType", "Linux"), **image.properties}, None)


def _of_properties(properties: Json, exact_version: str | None) -> SourceImage:
    security_type = security_type_of(properties)
    if security_type in UNUSABLE_SECURITY_TYPES:
        raise Rejection(
            "BadSharedImageVersionSource",
            "ValidationFailed",
            f"A source with the security type '{security_type}' is not supported.",
        )
    return SourceImage(
        properties["osType"],
        properties.get("hyperVGeneration", "V1"),
        properties.get("architecture", "x64"),
        security_type,
        properties.get("purchasePlan"),
        exact_version,
    )


def security_type_of(properties: Json) -> str:
    """Value of the feature `SecurityType` of an image definition; `Standard` without one."""
    features: list[dict[str, Any]] = properties.get("features") or []
    return next((feature["value"] for feature in features if feature["name"] == "SecurityType"), "Standard")


_RESOLVERS = {
    "PlatformImage": _platform_image,
    "SharedImageVersion": _gallery_version,
    "ManagedImage": _managed_image,
}
