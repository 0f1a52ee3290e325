"""Refuses a request whose caller lacks a right, in Azure's words."""

from local.simulated_azure.access.actions import Need, linked_actions, needed_action
from local.simulated_azure.access.decisions import ASSIGNMENT_TYPE, definition_guid, may
from local.simulated_azure.arm.messages import ArmError, ArmRequest
from local.simulated_azure.azure import Azure


def refuse_unauthorized(azure: Azure, request: ArmRequest) -> None:
    """Check what the caller may do.

    Raises:
        ArmError: 403 `AuthorizationFailed`, or `LinkedAuthorizationFailed` for what the body names.
    """
    need = needed_action(request.method, request.path)
    if request.caller in azure.owners or need is None:
        return
    if not may(azure, request.caller, need.action, need.scope, attributes=_attributes(azure, request)):
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{request.caller}' with object id '{request.caller}' does not have authorization to perform "
            f"action '{need.action}' over scope '{need.scope}' or the scope is invalid. If access was recently "
            "granted, please refresh your credentials.",
        )
    for linked in linked_actions(request.method, request.path, request.body):
        if not may(azure, request.caller, linked.action, linked.scope):
            raise _linked_refusal(request.caller, need, linked)


def _linked_refusal(caller: str, need: Need, linked: Need) -> ArmError:
    return ArmError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{caller}' with object id '{caller}' has permission to perform action '{need.action}' on scope "
        f"'{need.scope}'; however, it does not have permission to perform action(s) '{linked.action}' on the linked "
        f"scope(s) '{linked.scope}' (respectively) or the linked scope(s) are invalid.",
    )


def _attributes(azure: Azure, request: ArmRequest) -> dict[str, str]:
    """What the conditions of assignments of roles ask about: the assignment that is to be, or that is there."""
    if "assignment" not in request.route:
        return {}
    present = azure.resources.find(request.resource_id)
    sources = {"@request": request.properties(), "@resource": present.properties if present else {}}
    return {
        f"{source}[{ASSIGNMENT_TYPE}:{name}]".lower(): definition_guid(str(properties[name]))
        for source, properties in sources.items()
        for name in ("roleDefinitionId", "principalId", "principalType")
        if properties.get(name)
    }
