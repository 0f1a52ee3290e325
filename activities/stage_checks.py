"""The single checks of a stage: each reads a fact of Azure and lets a policy compare it with the plan."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain

from azure_clients import (
    galleries,
    identities,
    managed_images,
    marketplace_images,
    resource_groups,
    role_assignments,
    storage_accounts,
)
from azure_clients.connection import AzureClients
from models.configuration import StagePlan
from models.misfit import Misfit, Part, Path
from models.source_image import GalleryVersionSource, ImageSource, ManagedImageSource, MarketplaceImage, SourceImage
from policies.access.role_coverage import lacking_roles
from policies.access.roles import is_ours, roles_of_build
from policies.checks.stage_misfits import (
    ACCOUNT,
    CONTAINER,
    GALLERY,
    GROUP,
    IDENTITY,
    STAGING_GROUP,
    TARGETS,
    account_misfits,
    container_misfits,
    gallery_misfits,
    group_misfits,
    groups_of_managed_images,
    missing_identity,
    missing_target_group,
    role_misfits,
    staging_group_misfits,
    used_definition,
)
from policies.resources.resource_ids import parse_resource_id
from policies.resources.source_compatibility import image_source, plan_misfits, source_misfits
from policies.resources.stage_resources import image_builder_identity, stage_resources
from policies.runs.scope_work import Work

type Check = Callable[[AzureClients, StagePlan, frozenset[Work]], Awaitable[list[Misfit]]]


async def check_group(azure: AzureClients, plan: StagePlan, work: frozenset[Work]) -> list[Misfit]:
    """The resource group: elsewhere, or missing where the stage does not make it."""
    group = stage_resources(plan).group
    location = await resource_groups.find_location(azure, group.subscription_id, group.name)
    return group_misfits(plan.infrastructure, location, deployed=Work.BASE in work)


async def check_source(azure: AzureClients, plan: StagePlan, _: frozenset[Work]) -> list[Misfit]:
    """The source: missing, or nothing that can become a version of the image definition."""
    definition = used_definition(plan)
    source = image_source(plan.image_template.properties["source"])
    if definition is None:
        return []
    found = await find_source(azure, plan, source)
    return [
        *source_misfits(source, found, definition, plan.image_template.location),
        *plan_misfits(plan.image_template.properties["source"], found),
    ]


async def find_source(azure: AzureClients, plan: StagePlan, source: ImageSource) -> SourceImage | None:
    """Return what Azure tells of a source, with its exact version, or None where it is not there."""
    match source:
        case MarketplaceImage():
            location = plan.image_template.location
            return await marketplace_images.find(azure, plan.environment.subscription_id, location, source)
        case GalleryVersionSource():
            return await galleries.find_source(azure, source)
        case ManagedImageSource():
            return await managed_images.find(azure, source)


async def check_account(azure: AzureClients, plan: StagePlan, work: frozenset[Work]) -> list[Misfit]:
    """The storage account: elsewhere, another's, or missing where the stage does not make it."""
    account, deployed = stage_resources(plan).account, Work.STORAGE in work
    name_taken = await storage_accounts.why_name_is_taken(azure, account) if deployed else None
    is_free = deployed and name_taken is None
    location = None if is_free else await storage_accounts.find_location(azure, account)
    return account_misfits(plan.infrastructure, location, name_taken, deployed=deployed)


async def check_container(azure: AzureClients, plan: StagePlan, work: frozenset[Work]) -> list[Misfit]:
    """The container of the scripts: missing where the stage does not make it."""
    if Work.STORAGE in work:
        return []
    is_there = await storage_accounts.container_is_there(azure, stage_resources(plan).containers[0])
    return container_misfits(plan.infrastructure, is_there=is_there)


async def check_identity(azure: AzureClients, plan: StagePlan, work: frozenset[Work]) -> list[Misfit]:
    """The identity of Azure Image Builder: missing, or without a right to build, where the stage makes neither.

    A stage gives no rights in a subscription that is no environment's: there the identity has to have them.
    """
    needed = [role for role in roles_of_build(plan) if Work.BASE not in work or not is_ours(role, plan)]
    if Work.BASE in work and not needed:
        return []
    identity = await identities.get(azure, image_builder_identity(plan))
    if identity.principal_id is None:
        return missing_identity(plan.infrastructure, needed if Work.BASE in work else ())
    # Within a subscription of ours one question tells of all of it; elsewhere the app may see no more than the scope.
    places = {
        role.scope: f"/subscriptions/{role.subscription_id}" if is_ours(role, plan) else role.scope for role in needed
    }
    asked = tuple(dict.fromkeys(places.values()))
    answers = await asyncio.gather(
        *(role_assignments.list_grants(azure, place, identity.principal_id) for place in asked)
    )
    grants = dict(zip(asked, answers, strict=True))
    lacking = chain.from_iterable(lacking_roles([role], grants[places[role.scope]]) for role in needed)
    return role_misfits(plan, identity.principal_id, lacking, azure.custom_roles)


async def check_gallery(azure: AzureClients, plan: StagePlan, work: frozenset[Work]) -> list[Misfit]:
    """Gallery and image definitions: other than the file has them, or missing where the stage does not make them."""
    there = await galleries.list_image_definitions(azure, stage_resources(plan).gallery)
    return gallery_misfits(plan, there, deployed=Work.BASE in work)


async def check_staging_group(azure: AzureClients, plan: StagePlan, _: frozenset[Work]) -> list[Misfit]:
    """A staging group of the operator's own: missing, elsewhere, or not empty."""
    group_id = plan.image_template.properties.get("stagingResourceGroup")
    if group_id is None:
        return []
    parts = parse_resource_id(group_id)
    subscription_id, name = parts["subscriptions"], parts["resourcegroups"]
    location = await resource_groups.find_location(azure, subscription_id, name)
    contents = await resource_groups.list_contents(azure, subscription_id, name) if location else ()
    return list(staging_group_misfits(plan, name, location, contents))


async def check_target_groups(azure: AzureClients, plan: StagePlan, _: frozenset[Work]) -> list[Misfit]:
    """The resource groups of managed images to make, other than the stage's own: missing."""
    groups = groups_of_managed_images(plan)
    locations = await asyncio.gather(
        *(resource_groups.find_location(azure, plan.environment.subscription_id, name) for _, name in groups)
    )
    return [
        missing_target_group(path, name)
        for (path, name), location in zip(groups, locations, strict=True)
        if location is None
    ]


@dataclass(frozen=True)
class StageCheck:
    """A check, and when it is made.

    `needed_for` is the work that needs it, `namespace` the resource provider that answers (one that is not registered
    has nothing to tell), `in_group` says that there is nothing to find without the stage's resource group, `of_source`
    that it is about the source. `part` and `path` say where a refusal of the question itself is told.
    """

    check: Check
    part: Part
    path: Path
    needed_for: frozenset[Work]
    namespace: str | None = None
    in_group: bool = True
    of_source: bool = False


ANY_WORK = frozenset(Work)
SOURCE: Path = ("source",)
GROUP_CHECK = StageCheck(check_group, Part.INFRASTRUCTURE, GROUP, ANY_WORK)
STAGE_CHECKS = (
    StageCheck(
        check_source,
        Part.IMAGE_TEMPLATE,
        SOURCE,
        frozenset({Work.BASE, Work.IMAGE}),
        "Microsoft.Compute",
        in_group=False,
        of_source=True,
    ),
    StageCheck(check_account, Part.INFRASTRUCTURE, ACCOUNT, ANY_WORK, "Microsoft.Storage"),
    StageCheck(check_container, Part.INFRASTRUCTURE, CONTAINER, frozenset({Work.IMAGE}), "Microsoft.Storage"),
    StageCheck(check_identity, Part.INFRASTRUCTURE, IDENTITY, frozenset({Work.IMAGE}), "Microsoft.ManagedIdentity"),
    StageCheck(check_gallery, Part.INFRASTRUCTURE, GALLERY, ANY_WORK, "Microsoft.Compute"),
    StageCheck(check_staging_group, Part.IMAGE_TEMPLATE, STAGING_GROUP, frozenset({Work.IMAGE}), in_group=False),
    StageCheck(check_target_groups, Part.IMAGE_TEMPLATE, TARGETS, frozenset({Work.IMAGE}), in_group=False),
)
