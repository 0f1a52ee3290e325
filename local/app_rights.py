"""Gives the app its rights in the simulated Azure, by the operator's hand, as a deployment does in Azure."""

import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from models.message import JsonObject
from policies.access.rights import RIGHTS, CustomRole, Right, Rights, RoleUse

AUTHORIZATION = "providers/Microsoft.Authorization"
API_VERSION = "2022-04-01"


def give_rights(
    arm_url: str, ca_file: Path, subscription_ids: Sequence[str], rights: Rights = RIGHTS
) -> dict[str, str]:
    """Define the custom roles, assign the app's own, and let it do nothing else from now on, also after a reset.

    It stands for a deployment with the parameter `ownStagingGroups`, so that all that a file can ask for can be tried.
    Returns the GUIDs of the custom roles that it may give, by their keys.
    """
    trust = ssl.create_default_context(cafile=ca_file)
    with httpx.Client(base_url=arm_url, verify=trust, trust_env=False, timeout=30) as client:

        def simulation(method: str, path: str, body: Any = None) -> JsonObject:
            return client.request(method, f"/_simulation/{path}", json=body).raise_for_status().json()

        app_id = simulation("GET", "principal")["principalId"]
        client.headers["Authorization"] = f"Bearer {simulation('GET', 'operator')['token']}"
        role_ids = {role: _guid(subscription_ids[0], role) for role in rights.custom_roles}
        for path, properties in _bodies(rights, role_ids, subscription_ids, app_id):
            answer = client.put(path, params={"api-version": API_VERSION}, json={"properties": properties})
            answer.raise_for_status()
        simulation("POST", "principal", {"isOwner": False})
        simulation("POST", "baseline")
    return {role: role_ids[role] for role, custom in rights.custom_roles.items() if custom.fallback}


def _bodies(
    rights: Rights, role_ids: dict[str, str], subscription_ids: Sequence[str], app_id: str
) -> Iterator[tuple[str, JsonObject]]:
    scopes = [f"/subscriptions/{one}" for one in subscription_ids]
    for key, role in rights.custom_roles.items():
        yield f"{scopes[0]}/{AUTHORIZATION}/roleDefinitions/{role_ids[key]}", _definition(role, scopes)
    guids = {**role_ids, **{key: role.id for key, role in rights.built_in_roles.items()}}
    given = ", ".join(guids[role] for role in (*rights.app.gives, *rights.app.gives_for_own_staging_groups))
    known = {**guids, "app": app_id, "given": given}
    for scope in scopes:
        for use in rights.app.on_each_subscription:
            path = f"{scope}/{AUTHORIZATION}/roleAssignments/{_guid(scope, app_id, use.role)}"
            yield path, _assignment(use, scope, known)


def _definition(role: CustomRole, scopes: list[str]) -> JsonObject:
    permission = {"actions": _actions(role.actions), "dataActions": _actions(role.data_actions)}
    return {
        "roleName": role.name,
        "description": role.description,
        "type": "CustomRole",
        "permissions": [permission],
        "assignableScopes": scopes,
    }


def _assignment(use: RoleUse, scope: str, known: dict[str, str]) -> JsonObject:
    condition = "\n".join(use.condition)
    for name, guid in known.items():
        condition = condition.replace(f"<{name}>", guid)
    conditioned = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
    return {
        "roleDefinitionId": f"{scope}/{AUTHORIZATION}/roleDefinitions/{known[use.role]}",
        "principalId": known["app"],
        "principalType": "ServicePrincipal",
        "description": use.reason,
        **conditioned,
    }


def _actions(rights: tuple[Right, ...]) -> list[str]:
    return [right.action for right in rights]


def _guid(*parts: str) -> str:
    return str(uuid5(NAMESPACE_URL, "|".join(parts)))
