"""The question whether a principal may do something, answered by its role assignments."""

import re
from collections.abc import Iterable, Mapping

from local.simulated_azure.access.built_in_roles import BUILT_IN_ROLES, Role
from local.simulated_azure.access.conditions import Attempt, condition
from local.simulated_azure.arm.messages import ArmError, Json
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.azure import Azure

DEFINITION_TYPE = "Microsoft.Authorization/roleDefinitions"
ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"


def may(  # each is a part of the question
    azure: Azure,
    principal_id: str,
    action: str,
    scope: str,
    *,
    on_data: bool = False,
    attributes: Mapping[str, str] | None = None,
) -> bool:
    """Whether an assignment that is in effect at `scope` or above allows the action (or data action).

    `attributes` are what its condition may ask about, as `conditions.Attempt` has them.
    """
    kind, exclusion = ("dataActions", "notDataActions") if on_data else ("actions", "notActions")
    attempt = Attempt(action, attributes or {})
    return any(
        _allows(permission[kind], action) and not _allows(permission[exclusion], action)
        for assignment in _assignments_in_effect(azure, principal_id, scope)
        if _condition_holds(assignment, attempt)
        for permission in definition(azure, assignment.properties["roleDefinitionId"])["properties"]["permissions"]
    )


def definition(azure: Azure, definition_id: str) -> Json:
    """The role of an id in any scope: the GUID counts.

    Raises:
        ArmError: 404 for a role that is unknown.
    """
    guid = definition_guid(definition_id)
    if guid in BUILT_IN_ROLES:
        return built_in(guid, BUILT_IN_ROLES[guid])
    for role in azure.resources.of_type(DEFINITION_TYPE, "/subscriptions"):
        if role.name.lower() == guid:
            return role.body
    raise ArmError(404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist.")


def definition_guid(definition_id: str) -> str:
    """The last part of an id, which names the role in every scope."""
    return definition_id.rpartition("/")[2].lower()


def built_in(guid: str, role: Role) -> Json:
    """The body of a role of Azure's own."""
    return {
        "id": f"/providers/{DEFINITION_TYPE}/{guid}",
        "name": guid,
        "type": DEFINITION_TYPE,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": [*role.actions],
                    "notActions": [*role.not_actions],
                    "dataActions": [*role.data_actions],
                    "notDataActions": [],
                },
            ],
        },
    }


def _assignments_in_effect(azure: Azure, principal_id: str, scope: str) -> Iterable[Resource]:
    now = azure.clock.now()
    return (
        assignment
        for assignment in azure.resources.of_type(ASSIGNMENT_TYPE, "/subscriptions")
        if assignment.properties["principalId"].lower() == principal_id.lower()
        and f"{scope}/".lower().startswith(assignment.properties["scope"].lower().rstrip("/") + "/")
        and assignment.created + assignment.unseen["propagation"] <= now
    )


def _condition_holds(assignment: Resource, attempt: Attempt) -> bool:
    text = assignment.properties["condition"]
    return not text or condition(text)(attempt)


def _allows(patterns: list[str], action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) is not None for pattern in patterns
    )
