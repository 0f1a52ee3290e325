"""Role assignments (Microsoft.Authorization/roleAssignments)."""

import uuid

from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureRefused
from models.resources import ProvisioningState, ResourceState, RoleAssignment


async def put(azure: AzureClients, assignment: RoleAssignment) -> ResourceState:
    """Give the role; an equal assignment under another name is as good.

    The name is stable (from scope, principal and role), so that giving it again changes nothing.
    """
    if assignment.principal_id is None:
        own = await azure.own_principal()
        principal_id, principal_type = own.object_id, own.type
    else:
        principal_id, principal_type = assignment.principal_id, "ServicePrincipal"
    name = assignment_name(assignment.scope, principal_id, assignment.role)
    resource_id = f"{assignment.scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    parameters = RoleAssignmentCreateParameters(
        role_definition_id=(
            f"/subscriptions/{assignment.subscription_id}"
            f"/providers/Microsoft.Authorization/roleDefinitions/{assignment.role}"
        ),
        principal_id=principal_id,
        principal_type=principal_type,
    )
    try:
        async with azure_call(f"assign role {assignment.role.name} at {assignment.scope}"):
            await azure.authorization(assignment.subscription_id).role_assignments.create(
                assignment.scope, name, parameters
            )
    except AzureRefused as refused:
        if refused.code != "RoleAssignmentExists":
            raise
    return ResourceState(id=resource_id, state=ProvisioningState.SUCCEEDED)


def assignment_name(scope: str, principal_id: str, role_id: str) -> str:
    """Return the GUID that names this assignment and no other."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{principal_id}|{role_id}".lower()))
