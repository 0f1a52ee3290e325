"""Decides whether a source can become a version of an image definition."""

from models.configuration import ImageDefinition
from models.message import JsonObject
from models.misfit import Misfit, Part
from models.source_image import (
    GalleryVersionSource,
    ImageSource,
    ManagedImageSource,
    MarketplaceImage,
    SourceImage,
)
from policies.resources.resource_ids import parse_resource_id
from policies.resources.security_types import security_types

# The nouns by the `type` of a template's source.
SOURCES: dict[str, type[ImageSource]] = {
    "PlatformImage": MarketplaceImage,
    "SharedImageVersion": GalleryVersionSource,
    "ManagedImage": ManagedImageSource,
}


def image_source(source: JsonObject) -> ImageSource:
    """Return what an image template starts from, as its property `source` says."""
    return SOURCES[source["type"]].from_payload(source)


def is_version_of(image: ImageSource, definition_ids: frozenset[str]) -> bool:
    """Say whether a source is a version of one of these image definitions, given by their ids."""
    if not isinstance(image, GalleryVersionSource):
        return False
    return _definition_id(image.image_version_id) in map(_definition_id, definition_ids)


def _definition_id(resource_id: str) -> str:
    """Return the id of the image definition that an id is of, or of a version of."""
    return resource_id.lower().partition("/versions/")[0]


def source_misfits(
    image: ImageSource, source: SourceImage | None, definition: ImageDefinition, location: str
) -> list[Misfit]:
    """Return all that keeps a source from becoming a version of the definition; nothing if it fits.

    `source` is None where there is no such image in the location: gone, retired, or misspelt.
    """
    member, plan_member = _members(image)
    if source is None:
        return [_misfit(member, *_absent(image, location))]
    misfits: list[Misfit] = []
    if source.regions is not None and location not in source.regions:
        misfits.append(_misfit(member, *_elsewhere(image, source.regions, location)))
    for word, of_source, of_definition in (
        ("generation", source.hyper_v_generation, definition.hyper_v_generation),
        ("architecture", source.architecture, definition.architecture),
    ):
        if of_source and of_source.lower() != of_definition.lower():
            problem = (
                f"The source has the {word} {of_source}, the image definition {definition.name} has {of_definition}."
            )
            instead = f"a source of {word} {of_definition}, or an image definition of {word} {of_source}"
            misfits.append(_misfit(member, problem, instead))
    needed = security_types(definition.security_type)
    lacking = needed - (needed if source.security_types is None else source.security_types)
    if lacking:
        problem = (
            f"The image definition {definition.name} asks for {definition.security_type}, "
            f"and the source cannot do {' and '.join(sorted(lacking))}."
        )
        instead = "a source that can, or an image definition with another securityType"
        misfits.append(_misfit(member, problem, instead))
    if source.plan is not None and definition.plan != source.plan:
        plan = f"name {source.plan.name}, product {source.plan.product}, publisher {source.plan.publisher}"
        problem = f"The source has a purchase plan that the image definition {definition.name} does not have."
        misfits.append(_misfit(plan_member, problem, f"an image definition with the plan {plan}"))
    return misfits


def plan_misfits(source: JsonObject, found: SourceImage | None) -> list[Misfit]:
    """Return where a marketplace source does not name the purchase plan that it has: Azure starts no machine then."""
    if found is None or source["type"] != "PlatformImage":
        return []
    info: JsonObject = source.get("planInfo") or {}
    named = tuple(str(info[key]).lower() for key in ("planName", "planProduct", "planPublisher")) if info else None
    plan = found.plan
    if named == (plan and (plan.name.lower(), plan.product.lower(), plan.publisher.lower())):
        return []
    if plan is None:
        return [_misfit("planInfo", "The source has no purchase plan.", "nothing: leave planInfo out")]
    instead = f'{{"planName": "{plan.name}", "planProduct": "{plan.product}", "planPublisher": "{plan.publisher}"}}'
    return [_misfit("planInfo", "The source has a purchase plan, which is not the one here.", instead)]


def _members(image: ImageSource) -> tuple[str, str]:
    """Return the members of the source that name the image, and that would name its purchase plan."""
    match image:
        case MarketplaceImage():
            return "sku", "planInfo"
        case GalleryVersionSource():
            return "imageVersionId", "imageVersionId"
        case ManagedImageSource():
            return "imageId", "imageId"


def _absent(image: ImageSource, location: str) -> tuple[str, str]:
    """Return what to say of an image that is not there."""
    match image:
        case MarketplaceImage():
            command = f"`az vm image list --all --location {location} --publisher {image.publisher}`"
            return f"Azure offers no image {image.urn} in {location}.", f"one that {command} lists"
        case GalleryVersionSource():
            parts = parse_resource_id(image.image_version_id)
            command = (
                f"`az sig image-version list --subscription {parts['subscriptions']} -g {parts['resourcegroups']} "
                f"-r {parts['galleries']} -i {parts['images']}`"
            )
            problem = f"There is no version {parts['versions']} of {parts['images']} that this app can see."
            return problem, f"one that {command} lists"
        case ManagedImageSource():
            parts = parse_resource_id(image.image_id)
            command = f"`az image list --subscription {parts['subscriptions']} -g {parts['resourcegroups']}`"
            return f"There is no managed image {parts['images']}.", f"one that {command} lists"


def _elsewhere(image: ImageSource, regions: frozenset[str], location: str) -> tuple[str, str]:
    """Return what to say of an image that the template's region does not have (documentation of the JSON template)."""
    there = ", ".join(sorted(regions))
    if isinstance(image, GalleryVersionSource):
        problem = f"The source is replicated to {there}, and not to {location}, where the image template is."
        return problem, f"a version that is replicated to {location}, or replicate this one there"
    problem = f"The source is in {there}, and not in {location}, where the image template is."
    return problem, f"a managed image in {location}, or a version of a compute gallery, which can be replicated"


def _misfit(member: str, problem: str, instead: str) -> Misfit:
    return Misfit(Part.IMAGE_TEMPLATE, ("source", member), problem, instead)
