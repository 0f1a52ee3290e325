"""What a caller may do: actions, scopes, conditions, and what a request names besides."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.simulated_azure import SimulatedAzure
from local.simulated_azure.access.actions import linked_actions, needed_action
from local.simulated_azure.access.conditions import Attempt, BadConditionError, condition
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION

SCOPE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SCOPE}/resourceGroups/g"
GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/x"
TEMPLATE = f"{GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t"
READER, CONTRIBUTOR = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"
ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
WRITE = "Microsoft.Authorization/roleAssignments/write"
ONLY_READER = (
    f"((!(ActionMatches{{'{WRITE}'}})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
    f"ForAnyOfAnyValues:GuidEquals {{{READER}}}))"
)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/subscriptions", None),
        ("GET", SCOPE, "Microsoft.Resources/subscriptions/read"),
        ("GET", f"{SCOPE}/providers", "Microsoft.Resources/subscriptions/providers/read"),
        ("GET", f"{SCOPE}/providers/Microsoft.Compute", "Microsoft.Resources/subscriptions/providers/read"),
        ("POST", f"{SCOPE}/providers/Microsoft.Compute/register", "Microsoft.Compute/register/action"),
        ("PUT", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/write"),
        ("GET", f"{GROUP}/resources", "Microsoft.Resources/subscriptions/resourceGroups/resources/read"),
        ("PATCH", f"{GALLERY}/providers/Microsoft.Resources/tags/default", "Microsoft.Resources/tags/write"),
        ("GET", f"{GALLERY}/images/i/versions", "Microsoft.Compute/galleries/images/versions/read"),
        ("POST", f"{TEMPLATE}/run", "Microsoft.VirtualMachineImages/imageTemplates/run/action"),
        ("GET", f"{TEMPLATE}/runOutputs", "Microsoft.VirtualMachineImages/imageTemplates/runOutputs/read"),
        ("DELETE", TEMPLATE, "Microsoft.VirtualMachineImages/imageTemplates/delete"),
        ("PUT", f"{GALLERY}/providers/Microsoft.Authorization/roleAssignments/a", WRITE),
        (
            "POST",
            f"{SCOPE}/providers/Microsoft.Storage/checkNameAvailability",
            "Microsoft.Storage/checknameavailability/read",
        ),
        ("GET", "/providers/Microsoft.Authorization/roleDefinitions/r", None),
    ],
)
def test_a_request_stands_for_an_action(method: str, path: str, action: str | None) -> None:
    need = needed_action(method, path)
    assert (need and need.action) == action


def test_a_template_stands_for_the_identities_and_subnets_that_it_names() -> None:
    network = {"subnetId": "/s", "containerInstanceSubnetId": "/c"}
    body = {
        "identity": {"userAssignedIdentities": {"/i": {}}},
        "properties": {"vmProfile": {"userAssignedIdentities": ["/m"], "vnetConfig": network}},
    }
    assert [need.scope for need in linked_actions("PUT", TEMPLATE, body)] == ["/i", "/m", "/s", "/c"]
    assert linked_actions("GET", TEMPLATE, body) == linked_actions("PUT", GALLERY, body) == []
    assert linked_actions("PUT", TEMPLATE, {"identity": [], "properties": "x"}) == []


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ActionMatches{'a/*'}", True),
        ("!(ActionMatches{'a/b'}) AND ActionMatches{'a/b'}", False),
        ("ActionMatches{'x'} OR ActionMatches{'a/b'}", True),
        ("@Resource[n] StringEquals 'N'", False),
        ("@Resource[n] StringEqualsIgnoreCase 'N'", True),
        ("@Resource[n] ForAnyOfAnyValues:GuidEquals {m, n}", True),
        ("@Resource[n] ForAnyOfAllValues:GuidNotEquals {m, n}", False),
        ("@Request[n] StringEquals 'n'", False),
    ],
)
def test_a_condition_holds_as_it_says(text: str, holds: bool) -> None:
    assert condition(text)(Attempt("a/b", {"@resource[n]": "n"})) is holds


@pytest.mark.parametrize("text", ["(ActionMatches{'a'}", "ActionMatches{'a'})", "@Resource[n] Likes 'a'", "#", "AND"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(BadConditionError):
        condition(text)


class Caller:
    """The app and an operator, over HTTP."""

    def __init__(self, azure: SimulatedAzure, http: httpx.Client) -> None:
        self._http = http
        self._operator = {"Authorization": f"Bearer {azure.operator_token()}"}
        self.principal_id = azure.app_principal_id

    def ask(self, method: str, path: str, body: Any = None, *, operator: bool = False) -> httpx.Response:
        version = "2022-04-01" if "Authorization" in path else "2023-07-03" if "Compute" in path else "2024-03-01"
        headers = self._operator if operator else {}
        return self._http.request(method, path, params={"api-version": version}, json=body, headers=headers)

    def assign(self, scope: str, role: str, *, operator: bool = False, **more: str) -> httpx.Response:
        properties = {
            "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": self.principal_id,
            **more,
        }
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
        return self.ask("PUT", path, {"properties": properties}, operator=operator)


@pytest.fixture
def caller(simulated_azure: SimulatedAzure, http: httpx.Client):
    """The app may do nothing; the operator made a group."""
    caller = Caller(simulated_azure, http)
    caller.ask("PUT", GROUP, {"location": "westeurope"}, operator=True)
    simulated_azure.owners.discard(simulated_azure.app_principal_id)
    yield caller
    simulated_azure.owners.add(simulated_azure.app_principal_id)


def test_without_a_role_everything_is_refused_with_action_and_scope(caller: Caller) -> None:
    answer = caller.ask("PUT", GALLERY, {"location": "westeurope"})
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["code"] == "AuthorizationFailed"
    for words in (caller.principal_id, "'Microsoft.Compute/galleries/write'", f"'{GALLERY}'"):
        assert words in error["message"]


def test_a_role_counts_at_its_scope_and_below(caller: Caller) -> None:
    caller.assign(GROUP, READER, operator=True).raise_for_status()
    assert caller.ask("GET", GROUP).status_code == 200
    assert caller.ask("GET", GALLERY).status_code == 404
    assert caller.ask("GET", SCOPE).status_code == 403
    assert caller.ask("GET", f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups").status_code == 403
    assert caller.ask("DELETE", GROUP).status_code == 403


def test_what_a_role_excludes_is_refused(caller: Caller) -> None:
    caller.assign(SCOPE, CONTRIBUTOR, operator=True).raise_for_status()
    assert caller.ask("PUT", GALLERY, {"location": "westeurope"}).status_code == 201
    assert caller.assign(GROUP, READER).status_code == 403


def test_a_condition_limits_which_roles_may_be_given(caller: Caller) -> None:
    limited = {"condition": ONLY_READER, "conditionVersion": "2.0"}
    caller.assign(SCOPE, ADMINISTRATOR, operator=True, **limited).raise_for_status()
    assert caller.assign(GROUP, CONTRIBUTOR).status_code == 403
    assert caller.assign(GROUP, READER).status_code == 201


def test_a_condition_that_cannot_be_read_is_refused(caller: Caller) -> None:
    answer = caller.assign(SCOPE, READER, operator=True, condition="as you like")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidCondition")


def test_a_baseline_outlives_a_reset(caller: Caller, simulated_azure: SimulatedAzure) -> None:
    simulated_azure.keep_baseline()
    caller.assign(GROUP, READER, operator=True).raise_for_status()
    simulated_azure.reset()
    assert caller.ask("GET", GROUP, operator=True).status_code == 200
    assert caller.ask("GET", GROUP).status_code == 403
    # Put right what the next test starts from.
    caller.ask("DELETE", GROUP, operator=True).raise_for_status()
    simulated_azure.advance(1)
    simulated_azure.keep_baseline()
