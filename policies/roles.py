"""Decides which roles a stage gives, to whom, where and why. None is wider than the resource that it is for."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.image_template import ImageTemplatePlan
from models.resources import Role
from policies.stage_resources import StageResources

ROLE_NAMES = {
    Role.STORAGE_BLOB_DATA_READER: "Storage Blob Data Reader",
    Role.STORAGE_BLOB_DATA_CONTRIBUTOR: "Storage Blob Data Contributor",
    Role.CONTRIBUTOR: "Contributor",
    Role.NETWORK_CONTRIBUTOR: "Network Contributor",
}
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
WRITE_VERSIONS = "Microsoft.Compute/galleries/images/versions/write"
WRITE_IMAGES = "Microsoft.Compute/images/write"
WRITE_MACHINES = "Microsoft.Compute/virtualMachines/write"
JOIN_SUBNETS = "Microsoft.Network/virtualNetworks/subnets/join/action"


@dataclass(frozen=True)
class RoleNeeded:
    """A role at a scope, why it is needed, and the action (on data, or on the resource) that cannot do without."""

    role: Role
    scope: str
    reason: str
    action: str
    on_data: bool = False


def roles_of_app(resources: StageResources) -> list[RoleNeeded]:
    """Return the roles that the app gives itself on what it made."""
    return [
        RoleNeeded(
            Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
            container.id,
            "The app uploads the scripts.",
            f"{BLOBS}/write",
            on_data=True,
        )
        for container in resources.containers
    ]


def roles_of_image_builder(resources: StageResources, template: ImageTemplatePlan) -> list[RoleNeeded]:
    """Return the roles of Azure Image Builder's identity."""
    readers = [
        RoleNeeded(
            Role.STORAGE_BLOB_DATA_READER,
            container.id,
            "It downloads the scripts.",
            f"{BLOBS}/read",
            on_data=True,
        )
        for container in resources.containers
    ]
    gallery = RoleNeeded(Role.CONTRIBUTOR, resources.gallery.id, "It writes image versions.", WRITE_VERSIONS)
    return [*readers, gallery, *_roles_for_template(template)]


def roles_of_build(resources: StageResources, template: ImageTemplatePlan) -> list[RoleNeeded]:
    """Return those that a build cannot do without: none on what it reads nothing of, or publishes nothing in."""
    used = {script.container for script in template.scripts}
    unused = {container.id for container in resources.containers if container.name not in used}
    if template.image_definition_id is None:
        unused.add(resources.gallery.id)
    return [role for role in roles_of_image_builder(resources, template) if role.scope not in unused]


def _roles_for_template(template: ImageTemplatePlan) -> Iterator[RoleNeeded]:
    subnet_id = template.properties.get("vmProfile", {}).get("vnetConfig", {}).get("subnetId")
    if subnet_id:
        network_id = subnet_id.rsplit("/subnets/", 1)[0]
        yield RoleNeeded(Role.NETWORK_CONTRIBUTOR, network_id, "It puts the build VM into the subnet.", JOIN_SUBNETS)
    staging_group_id = template.properties.get("stagingResourceGroup")
    if staging_group_id:
        yield RoleNeeded(Role.CONTRIBUTOR, staging_group_id, "It builds in the staging group given.", WRITE_MACHINES)
    distributors = template.properties.get("distribute", [])
    image_ids = [one["imageId"] for one in distributors if one["type"] == "ManagedImage"]
    for group_id in dict.fromkeys(image_id.split("/providers/")[0] for image_id in image_ids):
        yield RoleNeeded(Role.CONTRIBUTOR, group_id, "It writes the managed image.", WRITE_IMAGES)
