"""Faults that can be switched on, in-process and over HTTP."""

import httpx
import pytest

from local.simulated_azure import SimulatedAzure

QUERY = "?api-version=2025-04-01"


def put_group(http: httpx.Client, subscription: str) -> httpx.Response:
    return http.put(f"{subscription}/resourceGroups/g{QUERY}", json={"location": "westeurope"})


def get_group(http: httpx.Client, subscription: str) -> httpx.Response:
    return http.get(f"{subscription}/resourceGroups/g{QUERY}")


def test_a_status_can_be_answered_a_number_of_times(http: httpx.Client, subscription: str) -> None:
    fault = {"kind": "status", "method": "PUT", "path": "/RESOURCEGROUPS/g$", "times": 2, "status": 429}
    fault |= {"code": "TooManyRequests", "message": "slow down", "retryAfter": 0.5}
    assert http.post("/_simulation/faults", json=fault).status_code == 200
    for _ in range(2):
        answer = put_group(http, subscription)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "0.5"
        assert answer.json()["error"] == {"code": "TooManyRequests", "message": "slow down"}
    assert put_group(http, subscription).status_code == 201
    assert http.get("/_simulation/faults").json()["faults"][0]["struck"] == 2


def test_a_misspelt_fault_is_refused(http: httpx.Client) -> None:
    assert http.post("/_simulation/faults", json={"kind": "status", "colour": "red"}).status_code == 400
    assert http.get("/_simulation/faults").json() == {"faults": []}


def test_a_connection_can_be_dropped_before_the_act(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    simulated_azure.faults.add("drop-before", method="PUT", times=1)
    with pytest.raises(httpx.TransportError):
        put_group(http, subscription)
    assert get_group(http, subscription).status_code == 404


def test_a_connection_can_be_dropped_after_the_act(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    simulated_azure.faults.add("drop-after", method="PUT", times=1)
    with pytest.raises(httpx.TransportError):
        put_group(http, subscription)
    assert get_group(http, subscription).status_code == 200


def test_an_answer_can_be_late(simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str) -> None:
    simulated_azure.faults.add("delay", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        http.get(f"{subscription}/resourceGroups/g{QUERY}", timeout=0.2)


def test_what_was_just_put_can_be_hidden_for_a_while(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.faults.add("hidden-after-put", seconds=10)
    put_group(http, subscription)
    assert get_group(http, subscription).status_code == 404
    simulated_azure.advance(10)
    assert get_group(http, subscription).status_code == 200


def test_chance_is_repeatable(simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str) -> None:
    def strikes() -> list[int]:
        simulated_azure.faults.clear()
        simulated_azure.faults.add("status", probability=0.5, seed=7)
        return [get_group(http, subscription).status_code for _ in range(20)]

    first = strikes()
    assert set(first) == {500, 404}
    assert strikes() == first


def test_time_and_pace_can_be_set_over_http(simulated_azure: SimulatedAzure, http: httpx.Client) -> None:
    frozen = http.post("/_simulation/clock", json={"frozen": True}).json()["now"]
    assert http.get("/_simulation/clock").json()["now"] == frozen
    assert http.post("/_simulation/clock", json={"advanceSeconds": 60}).json()["now"] > frozen
    assert http.post("/_simulation/pace", json={"buildSeconds": 7}).json()["buildSeconds"] == 7
    assert simulated_azure.pace.build_seconds == 7


def test_a_reset_forgets_everything(http: httpx.Client, subscription: str) -> None:
    put_group(http, subscription)
    http.post("/_simulation/faults", json={"kind": "delay"})
    http.post("/_simulation/reset")
    assert http.get("/_simulation/requests").json() == {"requests": []}
    assert http.get("/_simulation/faults").json() == {"faults": []}
    assert get_group(http, subscription).status_code == 404


def test_the_principal_of_the_app_is_told(simulated_azure: SimulatedAzure, http: httpx.Client) -> None:
    assert http.get("/_simulation/principal").json()["principalId"] == simulated_azure.app_principal_id
