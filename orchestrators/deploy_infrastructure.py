"""Deploys the infrastructure of a stage, or as much of it as the scope asks for.

1. the resource group;
2. storage account, identity and gallery, side by side;
3. the container and the image definitions, side by side;
4. the roles of the app and of Azure Image Builder, side by side.
"""

from activities.infrastructure import (
    create_or_update_blob_container,
    create_or_update_gallery,
    create_or_update_identity,
    create_or_update_image_definition,
    create_or_update_resource_group,
    create_or_update_role_assignment,
    create_or_update_storage_account,
    get_gallery,
    get_image_definition,
    get_storage_account,
)
from models.resources import IdentityState, ResourceState, RoleAssignment
from models.stage_messages import DeployedInfrastructure, InfrastructureDeployment
from orchestrators.durable import Context, Steps, call_activity
from orchestrators.provisioning import Wanted, provision_all
from policies.access.roles import RoleNeeded, roles_of_app, roles_to_give
from policies.resources.stage_resources import StageResources, stage_resources


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of a stage's deployment."""
    return f"{run_id}-{environment}.infrastructure"


def deploy_infrastructure(context: Context, deployment: InfrastructureDeployment) -> Steps[DeployedInfrastructure]:
    """Make sure that what a build needs is there; everything may be there already."""
    resources = stage_resources(deployment.plan)
    if deployment.base:
        yield from call_activity(context, create_or_update_resource_group, resources.group)
    foundations = yield from provision_all(
        context, _foundations(deployment, resources), parents_are_there=deployment.base
    )
    contents = yield from provision_all(context, _contents(deployment, resources), parents_are_there=True)
    roles = yield from provision_all(context, _roles(deployment, resources, foundations), parents_are_there=True)
    return DeployedInfrastructure(resource_ids=tuple(state.id for state in (*foundations, *contents, *roles)))


def _foundations(deployment: InfrastructureDeployment, resources: StageResources) -> list[Wanted[ResourceState]]:
    wanted: list[Wanted[ResourceState]] = []
    if deployment.storage:
        wanted.append(Wanted(create_or_update_storage_account, get_storage_account, resources.account))
    if deployment.base:
        wanted.append(Wanted(create_or_update_identity, create_or_update_identity, resources.identity))
        wanted.append(Wanted(create_or_update_gallery, get_gallery, resources.gallery))
    return wanted


def _contents(deployment: InfrastructureDeployment, resources: StageResources) -> list[Wanted[ResourceState]]:
    wanted: list[Wanted[ResourceState]] = []
    if deployment.storage:
        wanted += [
            Wanted(create_or_update_blob_container, create_or_update_blob_container, container)
            for container in resources.containers
        ]
    if deployment.base:
        wanted += [
            Wanted(create_or_update_image_definition, get_image_definition, definition)
            for definition in resources.image_definitions
        ]
    return wanted


def _roles(
    deployment: InfrastructureDeployment, resources: StageResources, foundations: list[ResourceState]
) -> list[Wanted[ResourceState]]:
    needed: list[tuple[RoleNeeded, str | None]] = []
    if deployment.storage:
        needed += [(role, None) for role in roles_of_app(resources.containers)]
    if deployment.base:
        (identity,) = (state for state in foundations if isinstance(state, IdentityState))
        needed += [(role, identity.principal_id) for role in roles_to_give(deployment.plan)]
    assignments = [
        RoleAssignment(
            subscription_id=role.subscription_id,
            scope=role.scope,
            role=role.use.role,
            principal_id=principal_id,
        )
        for role, principal_id in needed
    ]
    return [
        Wanted(create_or_update_role_assignment, create_or_update_role_assignment, assignment)
        for assignment in assignments
    ]
