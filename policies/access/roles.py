"""Decides which roles a stage gives, to whom and where. None is wider than the resource that it is for."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.configuration import StagePlan
from models.message import JsonObject
from models.resources import BlobContainer
from models.source_image import GalleryVersionSource, ManagedImageSource
from policies.access.rights import RIGHTS, RoleUse
from policies.resources.resource_ids import parse_resource_id, part_before
from policies.resources.source_compatibility import image_source
from policies.resources.stage_resources import stage_resources


@dataclass(frozen=True)
class RoleNeeded:
    """A role at the scope where it is needed."""

    use: RoleUse
    scope: str

    @property
    def subscription_id(self) -> str:
        """Of the scope."""
        return parse_resource_id(self.scope)["subscriptions"]


def roles_of_app(containers: tuple[BlobContainer, ...]) -> list[RoleNeeded]:
    """Return the roles that the app gives itself on what it made."""
    return [RoleNeeded(RIGHTS.app.on_scripts, container.id) for container in containers]


def roles_of_image_builder(plan: StagePlan) -> list[RoleNeeded]:
    """Return the roles that the identity of Azure Image Builder needs, wherever they are."""
    resources, properties, of_builder = stage_resources(plan), plan.image_template.properties, RIGHTS.image_builder
    readers = [RoleNeeded(of_builder.on_scripts, container.id) for container in resources.containers]
    gallery = RoleNeeded(of_builder.on_gallery, resources.gallery.id)
    source = [role for role in _of_source(properties["source"]) if role.scope.lower() != gallery.scope.lower()]
    return [*readers, gallery, *source, *_of_template(properties)]


def roles_to_give(plan: StagePlan) -> list[RoleNeeded]:
    """Return those that a stage gives: where the app has its own rights, in the subscriptions of environments."""
    return [role for role in roles_of_image_builder(plan) if is_ours(role, plan)]


def roles_of_build(plan: StagePlan) -> list[RoleNeeded]:
    """Return those that a build cannot do without: none on what it reads nothing of, or publishes nothing in."""
    resources, template = stage_resources(plan), plan.image_template
    used = {script.container for script in template.scripts}
    unused = {container.id for container in resources.containers if container.name not in used}
    if template.image_definition_id is None:
        unused.add(resources.gallery.id)
    return [role for role in roles_of_image_builder(plan) if role.scope not in unused]


def is_ours(role: RoleNeeded, plan: StagePlan) -> bool:
    """Say whether a role is needed in a subscription of an environment."""
    ours = {plan.environment.subscription_id.lower(), *(one.lower() for one in plan.subscription_ids)}
    return role.subscription_id.lower() in ours


def _of_source(source: JsonObject) -> Iterator[RoleNeeded]:
    match image_source(source):
        case GalleryVersionSource(image_version_id=version_id):
            gallery_id = part_before(version_id, "images")
            yield RoleNeeded(RIGHTS.image_builder.on_source_gallery, gallery_id)
        case ManagedImageSource(image_id=image_id):
            yield RoleNeeded(RIGHTS.image_builder.on_source_image, image_id)
        case _:
            pass  # anyone may read the marketplace


def _of_template(properties: JsonObject) -> Iterator[RoleNeeded]:
    of_builder = RIGHTS.image_builder
    subnet_id = properties.get("vmProfile", {}).get("vnetConfig", {}).get("subnetId")
    if subnet_id:
        yield RoleNeeded(of_builder.on_network, part_before(subnet_id, "subnets"))
    staging_group_id = properties.get("stagingResourceGroup")
    if staging_group_id:
        yield RoleNeeded(of_builder.on_staging_group, staging_group_id)
    image_ids = [one["imageId"] for one in properties.get("distribute", []) if one["type"] == "ManagedImage"]
    for group_id in dict.fromkeys(part_before(image_id, "providers") for image_id in image_ids):
        yield RoleNeeded(of_builder.on_group_of_managed_image, group_id)
