"""Role definitions and assignments (Microsoft.Authorization)."""

import re
from datetime import timedelta

from local.simulated_azure.access.built_in_roles import BUILT_IN_ROLES
from local.simulated_azure.access.conditions import BadConditionError, condition
from local.simulated_azure.access.decisions import (
    ASSIGNMENT_TYPE,
    DEFINITION_TYPE,
    built_in,
    definition,
    definition_guid,
)
from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.providers.identities import TYPE as IDENTITY_TYPE

NAMESPACE = "Microsoft.Authorization"
DEFINITIONS = f"/{{scope}}/providers/{DEFINITION_TYPE}"
DEFINITION = f"{DEFINITIONS}/{{definition}}"
ASSIGNMENTS = f"/{{scope}}/providers/{ASSIGNMENT_TYPE}"
ASSIGNMENT = f"{ASSIGNMENTS}/{{assignment}}"
GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def put_assignment(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201, or 200 for the same assignment again, whose condition and description may be other ones.

    Raises:
        ArmError: For a principal or role that is unknown, another content under the same name, or an equal assignment.
    """
    wish = request.properties()
    scope = f"/{request.route['scope']}"
    _refuse_bad_assignment(azure, request, wish)
    present = azure.resources.find(request.resource_id)
    if present is not None:
        if any(wish[name].lower() != present.properties[name].lower() for name in ("principalId", "roleDefinitionId")):
            raise ArmError(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        present.properties.update({name: wish.get(name) for name in ("condition", "conditionVersion", "description")})
        return ArmResponse(200, present.body)
    if any(_same(assignment, wish, scope) for assignment in azure.resources.of_type(ASSIGNMENT_TYPE, scope)):
        raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
    return ArmResponse(201, _new_assignment(azure, request, wish, scope).body)


def _refuse_bad_assignment(azure: Azure, request: ArmRequest, wish: Json) -> None:
    name, principal_id = request.route["assignment"], wish.get("principalId", "")
    if not GUID.fullmatch(name):
        raise ArmError(
            400, "InvalidRoleAssignmentId", f"The role assignment ID '{name}' is not valid. It must be a GUID."
        )
    if not GUID.fullmatch(principal_id):
        raise ArmError(
            400, "InvalidPrincipalId", f"A valid principal ID must be provided for role assignment '{name}'."
        )
    parent = f"/{request.route['scope']}".partition("/blobServices/")[0]
    # Networks are taken by their names: no provider here makes them.
    parent = re.split("/providers/Microsoft.Network/", parent, flags=re.IGNORECASE)[0]
    if "/resourcegroups/" in parent.lower():
        azure.resources.get(parent)
    definition(azure, wish.get("roleDefinitionId", ""))
    try:
        condition(wish["condition"]) if wish.get("condition") else None
    except BadConditionError as fault:
        raise ArmError(400, "InvalidCondition", f"The condition cannot be evaluated. {fault}") from None
    if not _principal_is_known(azure, principal_id):
        raise ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {principal_id} does not exist in the directory {azure.tenant_id}. Check that you "
            "have the correct principal ID. If you are creating this principal and then immediately assigning a role, "
            "this error might be related to a replication delay.",
        )


def _principal_is_known(azure: Azure, principal_id: str) -> bool:
    if principal_id.lower() in {azure.app_principal_id, azure.operator_principal_id}:
        return True
    for identity in azure.resources.of_type(IDENTITY_TYPE, "/subscriptions"):
        if identity.properties["principalId"] == principal_id.lower():
            # Decided once per identity, at the first question, so that a fault strikes identities, not questions.
            if "known after" not in identity.unseen:
                identity.unseen["known after"] = timedelta(seconds=azure.faults.seconds("slow-principal", identity.id))
            return identity.created + identity.unseen["known after"] <= azure.clock.now()
    return False


def _same(assignment: Resource, wish: Json, scope: str) -> bool:
    present = assignment.properties
    return (
        present["scope"].lower() == scope.lower()
        and present["principalId"].lower() == wish["principalId"].lower()
        and definition_guid(present["roleDefinitionId"]) == definition_guid(wish["roleDefinitionId"])
    )


def _new_assignment(azure: Azure, request: ArmRequest, wish: Json, scope: str) -> Resource:
    now = timestamp(azure.clock.now())
    assignment = azure.new_resource(
        {
            "id": request.resource_id,
            "name": request.route["assignment"],
            "type": ASSIGNMENT_TYPE,
            "properties": {
                "roleDefinitionId": wish["roleDefinitionId"],
                "principalId": wish["principalId"],
                "principalType": wish.get("principalType", "ServicePrincipal"),
                "scope": scope,
                "condition": wish.get("condition"),
                "conditionVersion": wish.get("conditionVersion"),
                "description": wish.get("description"),
                "delegatedManagedIdentityResourceId": None,
                "createdOn": now,
                "updatedOn": now,
                "createdBy": request.caller,
                "updatedBy": request.caller,
            },
        },
    )
    assignment.unseen["propagation"] = timedelta(seconds=azure.faults.seconds("slow-roles", request.resource_id))
    return assignment


async def get_assignment(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One assignment.

    Raises:
        ArmError: 404 `RoleAssignmentNotFound`.
    """
    assignment = azure.resources.find(request.resource_id)
    if assignment is None:
        name = request.route["assignment"]
        raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return ArmResponse(200, assignment.body)


async def delete_assignment(azure: Azure, request: ArmRequest) -> ArmResponse:
    """200, or 204 where there is none."""
    present = azure.resources.find(request.resource_id)
    if present is None:
        return ArmResponse(204)
    azure.resources.remove(request.resource_id)
    return ArmResponse(200, present.body)


async def list_assignments(azure: Azure, request: ArmRequest) -> ArmResponse:
    """At, below and above the scope; `$filter` knows `atScope()`, `principalId eq '...'` and `assignedTo('...')`."""
    scope = f"/{request.route['scope']}".lower()
    wanted = request.query.get("$filter", "")
    principal = GUID.search(wanted)
    found = [
        assignment.body
        for assignment in azure.resources.of_type(ASSIGNMENT_TYPE, "/subscriptions")
        if _related(assignment.properties["scope"].lower(), scope, only_above="atScope()" in wanted)
        and (principal is None or assignment.properties["principalId"].lower() == principal.group().lower())
    ]
    return ArmResponse(200, {"value": found})


def _related(assigned: str, scope: str, *, only_above: bool) -> bool:
    above = f"{scope}/".startswith(f"{assigned}/")
    return above or (not only_above and assigned.startswith(f"{scope}/"))


async def put_definition(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Create or replace a custom role; its assignable scopes must be there."""
    wish = request.properties()
    permissions = [
        {kind: permission.get(kind) or [] for kind in ("actions", "notActions", "dataActions", "notDataActions")}
        for permission in wish.get("permissions") or []
    ]
    body = azure.new_resource(
        {
            "id": request.resource_id,
            "name": request.route["definition"],
            "type": DEFINITION_TYPE,
            "properties": {
                "roleName": wish["roleName"],
                "description": wish.get("description") or "",
                "type": wish.get("type") or "CustomRole",
                "permissions": permissions,
                "assignableScopes": wish.get("assignableScopes") or [f"/{request.route['scope']}"],
            },
        },
    ).body
    return ArmResponse(201, body)


async def get_definition(azure: Azure, request: ArmRequest) -> ArmResponse:
    """A built-in or custom role."""
    return ArmResponse(200, definition(azure, request.resource_id))


async def list_definitions(azure: Azure, request: ArmRequest) -> ArmResponse:
    """All roles, or the one of `$filter=roleName eq '...'`."""
    wanted = re.search("roleName eq '([^']*)'", request.query.get("$filter", ""))
    found = [
        *(built_in(guid, role) for guid, role in BUILT_IN_ROLES.items()),
        *(role.body for role in azure.resources.of_type(DEFINITION_TYPE, "/subscriptions")),
    ]
    if wanted:
        found = [body for body in found if body["properties"]["roleName"].lower() == wanted.group(1).lower()]
    return ArmResponse(200, {"value": found})


async def delete_definition(azure: Azure, request: ArmRequest) -> ArmResponse:
    """200, or 204 where there is none."""
    present = azure.resources.find(request.resource_id)
    if present is None:
        return ArmResponse(204)
    azure.resources.remove(present.id)
    return ArmResponse(200, present.body)


ROUTES = [
    Route("PUT", ASSIGNMENT, put_assignment, NAMESPACE),
    Route("GET", ASSIGNMENT, get_assignment, NAMESPACE),
    Route("DELETE", ASSIGNMENT, delete_assignment, NAMESPACE),
    Route("GET", ASSIGNMENTS, list_assignments, NAMESPACE),
    Route("PUT", DEFINITION, put_definition, NAMESPACE),
    Route("GET", DEFINITION, get_definition, NAMESPACE),
    Route("DELETE", DEFINITION, delete_definition, NAMESPACE),
    Route("GET", DEFINITIONS, list_definitions, NAMESPACE),
    Route("GET", f"/providers/{DEFINITION_TYPE}/{{definition}}", get_definition, NAMESPACE),
]
