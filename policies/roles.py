"""Decides which roles a stage gives, to whom, where and why. None is wider than the resource that it is for."""

from dataclasses import dataclass

from models.image_template import ImageTemplatePlan
from models.resources import Role
from policies.stage_resources import StageResources


@dataclass(frozen=True)
class RoleNeeded:
    """A role at a scope, and why it is needed."""

    role: Role
    scope: str
    reason: str


def roles_of_app(resources: StageResources) -> list[RoleNeeded]:
    """Return the roles that the app gives itself on what it made."""
    return [
        RoleNeeded(Role.STORAGE_BLOB_DATA_CONTRIBUTOR, container.id, "The app uploads the scripts.")
        for container in resources.containers
    ]


def roles_of_image_builder(resources: StageResources, template: ImageTemplatePlan) -> list[RoleNeeded]:
    """Return the roles of Azure Image Builder's identity."""
    roles = [
        *(
            RoleNeeded(Role.STORAGE_BLOB_DATA_READER, container.id, "It downloads the scripts.")
            for container in resources.containers
        ),
        RoleNeeded(Role.CONTRIBUTOR, resources.gallery.id, "It writes image versions."),
    ]
    subnet_id = template.properties.get("vmProfile", {}).get("vnetConfig", {}).get("subnetId")
    if subnet_id:
        network_id = subnet_id.rsplit("/subnets/", 1)[0]
        roles.append(RoleNeeded(Role.NETWORK_CONTRIBUTOR, network_id, "It puts the build VM into the subnet."))
    staging_group_id = template.properties.get("stagingResourceGroup")
    if staging_group_id:
        roles.append(RoleNeeded(Role.CONTRIBUTOR, staging_group_id, "It builds in the staging group given."))
    return roles
