"""Decides whether a source can become a version of an image definition."""

from dataclasses import dataclass

from models.configuration import ImageDefinition
from models.source_image import MarketplaceImage, SourceImage

# What a source must be able to do for a definition of each security type; a type that is not here asks for nothing.
NEEDED_OF_SOURCE = {
    "trustedlaunch": frozenset({"TrustedLaunch"}),
    "trustedlaunchsupported": frozenset({"TrustedLaunch"}),
    "confidentialvm": frozenset({"ConfidentialVM"}),
    "confidentialvmsupported": frozenset({"ConfidentialVM"}),
    "trustedlaunchandconfidentialvmsupported": frozenset({"TrustedLaunch", "ConfidentialVM"}),
}


@dataclass(frozen=True)
class Mismatch:
    """What does not fit, where in the source (`offer`, `sku`, `planInfo`), and what to write instead."""

    member: str
    problem: str
    instead: str


def source_mismatches(
    image: MarketplaceImage, source: SourceImage | None, definition: ImageDefinition, location: str
) -> list[Mismatch]:
    """Return all that keeps a marketplace image from becoming a version of the definition; nothing if it fits.

    `source` is None where Azure does not offer the image in the location: gone, retired, or misspelt.
    """
    if source is None:
        problem = f"Azure offers no image {image.urn} in {location}."
        instead = f"one that `az vm image list --all --location {location} --publisher {image.publisher}` lists"
        return [Mismatch("sku", problem, instead)]
    mismatches: list[Mismatch] = []
    for word, of_source, of_definition in (
        ("generation", source.hyper_v_generation, definition.hyper_v_generation),
        ("architecture", source.architecture, definition.architecture),
    ):
        if of_source and of_source.lower() != of_definition.lower():
            problem = (
                f"The source has the {word} {of_source}, the image definition {definition.name} has {of_definition}."
            )
            instead = f"a source of {word} {of_definition}, or an image definition of {word} {of_source}"
            mismatches.append(Mismatch("sku", problem, instead))
    lacking = NEEDED_OF_SOURCE.get((definition.security_type or "").lower(), frozenset()) - source.security_types
    if lacking:
        problem = (
            f"The image definition {definition.name} asks for {definition.security_type}, "
            f"and the source cannot do {' and '.join(sorted(lacking))}."
        )
        instead = "a source that can, or an image definition with another securityType"
        mismatches.append(Mismatch("sku", problem, instead))
    if source.plan is not None and definition.plan != source.plan:
        plan = f"name {source.plan.name}, product {source.plan.product}, publisher {source.plan.publisher}"
        problem = f"The source has a purchase plan that the image definition {definition.name} does not have."
        mismatches.append(Mismatch("planInfo", problem, f"an image definition with the plan {plan}"))
    return mismatches
