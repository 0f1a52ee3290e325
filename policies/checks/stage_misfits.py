"""Decides what of Azure's present state stands in the way of a stage."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from models.configuration import ImageDefinition, Infrastructure, StagePlan
from models.message import JsonObject
from models.misfit import Misfit, Part, Path
from models.subscription import SubscriptionProviders
from policies.access.rights import role_in_place_of, role_name
from policies.access.role_coverage import LackingRole
from policies.access.roles import RoleNeeded, is_ours
from policies.resources.resource_ids import parse_resource_id

IMAGE_TEMPLATES = "microsoft.virtualmachineimages/imagetemplates"
IMAGE_VERSIONS = "microsoft.compute/galleries/images/versions"
RUN_ALL = "run once with the scope `all`, which deploys it"
# Where nothing is asked for, newer api versions give a definition of generation 2 this type.
GIVEN_BY_AZURE = {("securityType", "Standard", "TrustedLaunchSupported")}
GROUP: Path = ("rgParam", "value", "name")
ACCOUNT: Path = ("saParam", "value", "name")
CONTAINER: Path = ("saParam", "value", "blobServices", "containers", 0, "name")
IDENTITY: Path = ("msiParam", "value", "name")
GALLERY: Path = ("acgParam", "value", "name")
DEFINITIONS: Path = ("acgParam", "value", "images")
STAGING_GROUP: Path = ("stagingResourceGroup",)
TARGETS: Path = ("distribute",)


class Thing(NamedTuple):
    """A resource of the infrastructure's file: where its name stands, what it is, and its name."""

    path: Path
    kind: str
    name: str


def refused_subscription(subscription_id: str, refusal: str) -> Misfit:
    """Return what to say where Azure tells nothing of a subscription: it is not there, or not for this app."""
    problem = f"Nothing can be found out about the subscription {subscription_id}: {refusal}"
    return Misfit(Part.ENVIRONMENT, ("subscriptionId",), problem, "a subscription in which the app has its rights")


def refused_question(part: Part, path: Path, refusal: str) -> Misfit:
    """Return what to say where Azure refuses to answer a question about something."""
    return Misfit(part, path, f"It could not be checked: {refusal}", "what Azure takes, as it says")


def region_misfits(plan: StagePlan, providers: SubscriptionProviders) -> list[Misfit]:
    """Return the regions that the subscription does not know; where Azure tells none, all may be right."""
    location = plan.environment.location
    builders, versions = (providers.regions.get(one, frozenset()) for one in (IMAGE_TEMPLATES, IMAGE_VERSIONS))
    misfits: list[Misfit] = []
    if builders and location not in builders:
        problem = f"Azure Image Builder does not work in {location}, as far as this subscription knows."
        misfits.append(Misfit(Part.ENVIRONMENT, ("location",), problem, _nearest(location, builders)))
    for path, region in _target_regions(plan.image_template.properties):
        if versions and region not in versions and region != location:
            problem = f"The subscription knows no region {region} for image versions."
            misfits.append(Misfit(Part.IMAGE_TEMPLATE, path, problem, _nearest(region, versions)))
    return misfits


def group_misfits(infrastructure: Infrastructure, location: str | None, *, deployed: bool) -> list[Misfit]:
    """Return what is wrong with the resource group: `location` is where it is, `deployed` if the stage makes it."""
    thing = Thing(GROUP, "resource group", infrastructure.resource_group)
    return _place_misfits(thing, location, infrastructure.location if deployed else None)


def account_misfits(
    infrastructure: Infrastructure, location: str | None, name_taken: str | None, *, deployed: bool
) -> list[Misfit]:
    """Return what is wrong with the storage account; `name_taken` says in Azure's words why there can be none."""
    if deployed and location is None and name_taken is not None:
        problem = f"There is no such account in {infrastructure.resource_group}, and there can be none: {name_taken}"
        return [Misfit(Part.INFRASTRUCTURE, ACCOUNT, problem, "a name that nobody in Azure has")]
    thing = Thing(ACCOUNT, "storage account", infrastructure.storage_account)
    return _place_misfits(thing, location, infrastructure.location if deployed else None)


def container_misfits(infrastructure: Infrastructure, *, is_there: bool) -> list[Misfit]:
    """Return what is wrong with the container of the scripts, which the stage does not make."""
    return [] if is_there else [_missing(Thing(CONTAINER, "container", infrastructure.containers[0]))]


def missing_identity(infrastructure: Infrastructure, needed_elsewhere: Iterable[RoleNeeded]) -> list[Misfit]:
    """Return what to say where Azure Image Builder's identity is not there.

    Where the stage makes it, that only matters for the roles that others have to give it first.
    """
    thing = Thing(IDENTITY, "identity", infrastructure.identity)
    return [
        Misfit(
            Part.INFRASTRUCTURE,
            IDENTITY,
            f"The identity {thing.name} is not there yet, so nobody can have given it the role "
            f"{role_name(role.use.role)} on {role.scope}. {role.use.reason}",
            "run once with the scope `only-infrastructure`, which makes it, and have the role given to it then",
        )
        for role in needed_elsewhere
    ] or [_missing(thing)]


def role_misfits(
    plan: StagePlan, principal_id: str, lacking: Iterable[LackingRole], custom_roles: Iterable[str]
) -> list[Misfit]:
    """Return what the identity lacks of the rights that a build needs, where the stage gives none."""
    deployed, misfits = frozenset(custom_roles), list[Misfit]()
    for one in lacking:
        needed, actions = one.needed, ", ".join(one.actions)
        if is_ours(needed, plan):
            role = role_name(role_in_place_of(needed.use.role, deployed))
            instead = f"run once with the scope `all`, which gives it the role {role} there"
        else:
            # A custom role of ours cannot be assigned in a subscription that is no environment's.
            role = role_name(role_in_place_of(needed.use.role, ()))
            instead = (
                f"have it given a role that allows this, such as {role}: az role assignment create --role '{role}' "
                f"--assignee-object-id {principal_id} --assignee-principal-type ServicePrincipal --scope {needed.scope}"
            )
        problem = (
            f"The identity {plan.infrastructure.identity} may not {actions} on {needed.scope}. {needed.use.reason}"
        )
        misfits.append(Misfit(Part.INFRASTRUCTURE, IDENTITY, problem, instead))
    return misfits


def gallery_misfits(plan: StagePlan, there: tuple[ImageDefinition, ...] | None, *, deployed: bool) -> list[Misfit]:
    """Return what is wrong with the gallery; `there` are its image definitions, None where there is no gallery."""
    infrastructure, used = plan.infrastructure, used_definition(plan)
    if deployed:
        wanted = list(infrastructure.image_definitions)
    else:
        wanted = [used] if used else []
        if used and there is None:
            return [_missing(Thing(GALLERY, "gallery", infrastructure.gallery))]
    by_name = {definition.name.lower(): definition for definition in there or ()}
    misfits: list[Misfit] = []
    for definition in wanted:
        path: Path = (*DEFINITIONS, infrastructure.image_definitions.index(definition))
        found = by_name.get(definition.name.lower())
        if found:
            misfits += _changes(path, definition, found)
        elif not deployed:
            misfits.append(_missing(Thing((*path, "name"), "image definition", definition.name)))
    return misfits


def staging_group_misfits(
    plan: StagePlan, name: str, location: str | None, contents: tuple[str, ...]
) -> Iterator[Misfit]:
    """Return what is wrong with a staging group of the operator's own: Azure Image Builder wants it there and empty."""
    if location is None:
        problem = f"There is no resource group {name}."
        yield Misfit(Part.IMAGE_TEMPLATE, STAGING_GROUP, problem, "one that is there, or leave it out")
        return
    if location != plan.image_template.location:
        problem = f"The resource group {name} is in {location}, the image template in {plan.image_template.location}."
        yield Misfit(Part.IMAGE_TEMPLATE, STAGING_GROUP, problem, f"a group in {plan.image_template.location}")
    if contents:
        problem = f"The resource group {name} is not empty: {', '.join(contents[:5])}."
        yield Misfit(Part.IMAGE_TEMPLATE, STAGING_GROUP, problem, "an empty group, or leave it out")


def groups_of_managed_images(plan: StagePlan) -> list[tuple[Path, str]]:
    """Return the resource groups of the managed images to make, with their paths, without the stage's own."""
    groups = [
        ((*TARGETS, index, "imageId"), parse_resource_id(distributor["imageId"])["resourcegroups"])
        for index, distributor in enumerate(plan.image_template.properties.get("distribute", []))
        if distributor["type"] == "ManagedImage"
    ]
    return [(path, name) for path, name in groups if name.lower() != plan.infrastructure.resource_group.lower()]


def missing_target_group(path: Path, name: str) -> Misfit:
    """Return what to say of a managed image whose resource group is not there."""
    problem = f"There is no resource group {name} for the managed image."
    return Misfit(Part.IMAGE_TEMPLATE, path, problem, "the id of an image in a resource group that is there")


def used_definition(plan: StagePlan) -> ImageDefinition | None:
    """Return the image definition that the build publishes a version of, if it does."""
    if plan.image_template.image_definition_id is None:
        return None
    name = parse_resource_id(plan.image_template.image_definition_id)["images"].lower()
    return next((one for one in plan.infrastructure.image_definitions if one.name.lower() == name), None)


def _target_regions(properties: JsonObject) -> Iterator[tuple[Path, str]]:
    for index, distributor in enumerate(properties.get("distribute", [])):
        for number, region in enumerate(distributor.get("replicationRegions") or []):
            yield ("distribute", index, "replicationRegions", number), region
        for number, region in enumerate(distributor.get("targetRegions") or []):
            yield ("distribute", index, "targetRegions", number, "name"), region["name"]


def _nearest(region: str, known: frozenset[str]) -> str:
    close = difflib.get_close_matches(region, sorted(known), n=3)
    return " or ".join(close) or "one that `az account list-locations` lists"


def _place_misfits(thing: Thing, location: str | None, made_in: str | None) -> list[Misfit]:
    """Return what is wrong with a thing; `made_in` is where the stage makes it, None if it has to be there."""
    if location is None:
        return [_missing(thing)] if made_in is None else []
    if made_in not in {None, location}:
        problem = f"The {thing.kind} {thing.name} exists in {location}, and cannot move to {made_in}."
        return [Misfit(Part.INFRASTRUCTURE, thing.path, problem, f"another name, or {location} as the location")]
    return []


def _missing(thing: Thing) -> Misfit:
    return Misfit(Part.INFRASTRUCTURE, thing.path, f"The {thing.kind} {thing.name} is not there.", RUN_ALL)


def _changes(path: Path, wanted: ImageDefinition, found: ImageDefinition) -> Iterator[Misfit]:
    """Return what an image definition is born with and cannot be given later."""
    for (key, here), (_, there) in zip(_unchangeable(wanted), _unchangeable(found), strict=True):
        if str(here).lower() != str(there).lower() and (key, here, there) not in GIVEN_BY_AZURE:
            problem = f"The image definition {found.name} exists with {key} {there or '(none)'}: it cannot be changed."
            yield Misfit(Part.INFRASTRUCTURE, (*path, key), problem, f"{there or 'none'}, or a new image definition")


def _unchangeable(definition: ImageDefinition) -> list[tuple[str, Any]]:
    identifier, plan = definition.arm_properties.get("identifier", {}), definition.plan
    return [
        ("osType", definition.os_type),
        ("hyperVGeneration", definition.hyper_v_generation),
        ("architecture", definition.architecture),
        ("securityType", definition.security_type or "Standard"),
        *((key, identifier.get(key)) for key in ("publisher", "offer", "sku")),
        ("planName", plan and plan.name),
        ("productName", plan and plan.product),
        ("planPublisherName", plan and plan.publisher),
    ]
