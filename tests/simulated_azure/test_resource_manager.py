"""What every request to Azure Resource Manager is checked for, and what is logged of it."""

import re

import httpx
import pytest

from local.simulated_azure import SimulatedAzure

GROUPS = "/resourcegroups?api-version=2025-04-01"


def put_group(http: httpx.Client, subscription: str, name: str) -> httpx.Response:
    return http.put(f"{subscription}/resourceGroups/{name}?api-version=2025-04-01", json={"location": "West Europe"})


@pytest.mark.parametrize("authorization", ["", "Basic abc", "Bearer not-a-token"])
def test_a_request_without_a_valid_token_is_refused(http: httpx.Client, subscription: str, authorization: str) -> None:
    answer = http.get(subscription + GROUPS, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/resourcegroups", 400, "MissingApiVersionParameter"),
        ("/resourcegroups?api-version=1999-01-01", 400, "NoRegisteredProviderFound"),
        ("/resourceGroups/nowhere?api-version=2025-04-01", 404, "ResourceGroupNotFound"),
        ("/resourceGroups/nowhere/resources?api-version=2025-04-01", 404, "ResourceGroupNotFound"),
        ("/providers/Microsoft.Quantum/workspaces?api-version=2025-04-01", 501, "NotSimulated"),
    ],
)
def test_a_refusal_tells_its_code(http: httpx.Client, subscription: str, path: str, status: int, code: str) -> None:
    answer = http.get(subscription + path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_unknown_subscription_is_refused(http: httpx.Client) -> None:
    answer = http.get(f"/subscriptions/99999999-0000-4000-8000-000000000000{GROUPS}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SubscriptionNotFound")


def test_an_unknown_route_is_named_in_the_answer(http: httpx.Client, subscription: str) -> None:
    answer = http.post(f"{subscription}/resourceGroups/g?api-version=2025-04-01")
    assert f"POST {subscription}/resourceGroups/g" in answer.json()["error"]["message"]
    assert "DELETE, GET, HEAD, PATCH, PUT" in answer.json()["error"]["message"]


def test_resources_are_found_in_any_case_and_spelled_as_they_were_made(http: httpx.Client, subscription: str) -> None:
    assert put_group(http, subscription, "My-Group").status_code == 201
    answer = http.get(
        f"{subscription.upper().replace('SUBSCRIPTIONS', 'Subscriptions')}/resourcegroups/MY-GROUP"
        "?api-version=2025-04-01"
    )
    assert answer.json()["id"] == f"{subscription}/resourceGroups/My-Group"


def test_every_answer_carries_the_ids_of_the_request(http: httpx.Client, subscription: str) -> None:
    answer = http.get(subscription + GROUPS, headers={"x-ms-correlation-request-id": "mine"})
    assert answer.headers["x-ms-correlation-request-id"] == "mine"
    assert re.fullmatch("[0-9a-f-]{36}", answer.headers["x-ms-request-id"])


def test_the_log_keeps_bodies_and_hides_tokens(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    put_group(http, subscription, "g")
    logged = http.get("/_simulation/requests", params={"method": "PUT", "path": "resourcegroups"}).json()["requests"]
    assert logged == simulated_azure.requests.all()
    entry = logged[0]
    assert entry["url"] == f"{subscription}/resourceGroups/g?api-version=2025-04-01"
    assert entry["request"]["body"] == {"location": "West Europe"}
    assert entry["response"]["body"]["location"] == "westeurope"
    assert "Bearer" not in str(entry["request"])
    assert entry["request"]["headers"]["authorization"] == "***"


def test_a_deleted_group_takes_its_contents_with_it(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    put_group(http, subscription, "g")
    identity = f"{subscription}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    query = "?api-version=2024-11-30"
    assert http.put(identity + query, json={"location": "westeurope"}).status_code == 201
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 1

    deletion = http.delete(f"{subscription}/resourceGroups/g?api-version=2025-04-01")
    assert deletion.status_code == 202
    assert http.get(deletion.headers["location"]).status_code == 202
    late = http.put(identity + query, json={"location": "westeurope"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "ResourceGroupBeingDeleted")
    simulated_azure.advance(1)
    assert http.get(deletion.headers["location"]).status_code == 204
    assert put_group(http, subscription, "g").status_code == 201
    assert http.get(identity + query).status_code == 404


def test_a_group_cannot_change_its_location(http: httpx.Client, subscription: str) -> None:
    put_group(http, subscription, "g")
    answer = http.put(f"{subscription}/resourceGroups/g?api-version=2025-04-01", json={"location": "eastus"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "InvalidResourceGroupLocation")


def test_a_namespace_must_be_registered_before_its_types_can_be_used(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    namespace = f"{subscription}/providers/Microsoft.VirtualMachineImages"
    templates = f"{namespace}/imageTemplates?api-version=2025-10-01"
    version = "?api-version=2025-04-01"
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 1
    assert http.post(f"{namespace}/unregister{version}").json()["registrationState"] == "Unregistered"
    assert http.get(templates).json()["error"]["code"] == "MissingSubscriptionRegistration"
    assert http.post(f"{namespace}/register{version}").json()["registrationState"] == "Registering"
    simulated_azure.advance(1)
    assert http.get(namespace + version).json()["registrationState"] == "Registered"
    assert http.get(templates).status_code == 200


def test_the_token_endpoint_wants_its_secret_and_knows_assigned_identities(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    put_group(http, subscription, "g")
    identity = http.put(
        f"{subscription}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
        "?api-version=2024-11-30",
        json={"location": "westeurope"},
    ).json()["properties"]
    query = {"resource": "https://storage.azure.com", "api-version": "2019-08-01"}
    secret = {"X-IDENTITY-HEADER": simulated_azure.identity_header}

    def ask(headers: dict[str, str], **more: str) -> httpx.Response:
        return httpx.get(simulated_azure.identity_endpoint, params=query | more, headers=headers, trust_env=False)

    assert ask({}).status_code == 401
    assert ask(secret, client_id="unknown").status_code == 400
    answer = ask(secret, client_id=identity["clientId"]).json()
    assert (answer["token_type"], answer["resource"]) == ("Bearer", "https://storage.azure.com")
    assert int(answer["expires_on"]) > 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "InvalidRequestContent"),
        (b"[]", "InvalidRequestContent"),
        (b"{}", "LocationRequired"),
        (b'{"location": "westeuropa"}', "LocationNotAvailable"),
    ],
)
def test_a_group_needs_a_location_that_exists(http: httpx.Client, subscription: str, content: bytes, code: str) -> None:
    answer = http.put(f"{subscription}/resourceGroups/g?api-version=2025-04-01", content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_locations_are_listed(http: httpx.Client, subscription: str) -> None:
    locations = http.get(f"{subscription}/locations?api-version=2022-12-01").json()["value"]
    assert ("westeurope", "West Europe") in [(location["name"], location["displayName"]) for location in locations]
