"""Role assignments (Microsoft.Authorization/roleAssignments)."""

import asyncio
import uuid

from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters

from azure_clients.azure_call import azure_call, refuse_detour
from azure_clients.connection import AzureClients
from models.errors import AzureRefused, AzureUnavailable
from models.resources import ProvisioningState, ResourceState, RoleAssignment
from models.role_grant import RoleGrant
from policies.access.rights import role_name
from policies.resources.resource_ids import parse_resource_id


async def put(azure: AzureClients, assignment: RoleAssignment) -> ResourceState:
    """Give the role; an equal assignment under another name is as good, also where the app may not make it itself.

    The name is stable (from scope, principal and role), so that giving it again changes nothing.
    """
    if assignment.principal_id is None:
        own = await azure.own_principal()
        principal_id, principal_type = own.object_id, own.type
    else:
        principal_id, principal_type = assignment.principal_id, "ServicePrincipal"
    role_id = azure.role_id(assignment.role)
    operation = f"assign the role {role_name(assignment.role)} to {principal_id} at {assignment.scope}"
    refuse_detour(operation, assignment.scope)
    name = assignment_name(assignment.scope, principal_id, role_id)
    resource_id = f"{assignment.scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    parameters = RoleAssignmentCreateParameters(
        role_definition_id=(
            f"/subscriptions/{assignment.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role_id}"
        ),
        principal_id=principal_id,
        principal_type=principal_type,
    )
    try:
        async with azure_call(operation):
            await azure.authorization(assignment.subscription_id).role_assignments.create(
                assignment.scope, name, parameters
            )
    except AzureRefused as refused:
        if refused.code != "RoleAssignmentExists":
            raise
    except AzureUnavailable as unavailable:
        # Azure asks for the right before it looks whether there is anything to do.
        may_not = unavailable.code == "AuthorizationFailed"
        if not (may_not and await _is_given(azure, assignment, principal_id, role_id)):
            raise
    return ResourceState(id=resource_id, state=ProvisioningState.SUCCEEDED)


async def _is_given(azure: AzureClients, assignment: RoleAssignment, principal_id: str, role_id: str) -> bool:
    """Say whether the principal has the role there or above, by whoever's hand. Not, where the app may not read it."""
    try:
        async with azure_call(f"list the roles of {principal_id} at {assignment.scope}"):
            listed = azure.authorization(assignment.subscription_id).role_assignments.list_for_scope(
                assignment.scope.strip("/"), filter=f"atScope() and assignedTo('{principal_id}')"
            )
            given = {(one.role_definition_id or "").rpartition("/")[2].lower() async for one in listed}
    except AzureUnavailable as unavailable:
        if unavailable.code != "AuthorizationFailed":
            raise
        return False
    return role_id.lower() in given


async def list_grants(azure: AzureClients, place: str, principal_id: str) -> tuple[RoleGrant, ...] | None:
    """Return what a principal may do in a place, by itself or in a group: assigned there, above it or within it.

    `place` is the id of a subscription or of a resource. None where the app may not read this.
    """
    authorization = azure.authorization(parse_resource_id(place)["subscriptions"])
    try:
        async with azure_call(f"list the roles of {principal_id} at {place}"):
            listed = authorization.role_assignments.list_for_scope(
                place.strip("/"), filter=f"assignedTo('{principal_id}')"
            )
            assigned = [(one.scope or "", one.role_definition_id or "") async for one in listed]
        roles = {role_id.lower(): role_id for _, role_id in assigned}
        async with azure_call(f"read the roles of {principal_id}"):
            found = await asyncio.gather(
                *(
                    authorization.role_definitions.get(place.strip("/"), role_id.rpartition("/")[2])
                    for role_id in roles.values()
                )
            )
    except AzureUnavailable as unavailable:
        if unavailable.code != "AuthorizationFailed":
            raise
        return None
    permissions = {role_id: role.permissions or () for role_id, role in zip(roles, found, strict=True)}
    return tuple(
        RoleGrant(
            scope=scope,
            actions=tuple(one.actions or ()),
            not_actions=tuple(one.not_actions or ()),
            data_actions=tuple(one.data_actions or ()),
            not_data_actions=tuple(one.not_data_actions or ()),
        )
        for scope, role_id in assigned
        for one in permissions[role_id.lower()]
    )


def assignment_name(scope: str, principal_id: str, role_id: str) -> str:
    """Return the GUID that names this assignment and no other."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{principal_id}|{role_id}".lower()))
