"""Faults that can be switched on, in-process and over HTTP."""

import httpx
import pytest

from local.simulated_azure import SimulatedAzure
from local.simulated_azure.troubles import SHARES, TROUBLES, Trouble

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


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=lambda trouble: trouble.name)
def test_each_trouble_acts_or_not_and_answers_as_the_table_says(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str, trouble: Trouble
) -> None:
    simulated_azure.faults.add("trouble", method="PUT", troubles=[trouble.name], times=1)
    if trouble.status is None:
        http.timeout = httpx.Timeout(0.3)
        with pytest.raises(httpx.ReadTimeout if trouble.silent else httpx.RemoteProtocolError):
            put_group(http, subscription)
        http.timeout = httpx.Timeout(5)
    else:
        answer = put_group(http, subscription)
        told = (answer.status_code, answer.json()["error"]["code"], answer.headers.get("retry-after"))
        retry_after = None if trouble.retry_after is None else f"{trouble.retry_after:g}"
        assert told == (trouble.status, trouble.code, retry_after)
    assert (get_group(http, subscription).status_code == 200) == trouble.acts


def test_troubles_come_in_their_shares(simulated_azure: SimulatedAzure) -> None:
    fault = simulated_azure.faults.add("trouble", probability=0.1, seed=3)
    for _ in range(20_000):
        simulated_azure.faults.trouble("/subscriptions/s", "GET")
    assert fault.struck == sum(fault.struck_as.values()) == pytest.approx(2_000, rel=0.1)
    expected = {trouble.name: share * fault.struck / sum(SHARES.values()) for trouble, share in SHARES.items()}
    assert fault.struck_as == pytest.approx(expected, abs=60)


def test_a_trouble_that_is_not_in_the_table_is_refused(http: httpx.Client) -> None:
    answer = http.post("/_simulation/faults", json={"kind": "trouble", "troubles": ["sunspots"]})
    assert answer.status_code == 400
    assert "sunspots" in answer.text


def test_every_request_is_counted_also_one_without_an_answer(
    simulated_azure: SimulatedAzure, http: httpx.Client, subscription: str
) -> None:
    simulated_azure.faults.add("drop-before", method="PUT", times=1)
    with pytest.raises(httpx.TransportError):
        put_group(http, subscription)
    get_group(http, subscription)
    assert http.get("/_simulation/requests/counted").json() == {"arm PUT": 1, "arm GET": 1}


def test_the_token_endpoint_meets_troubles_too(simulated_azure: SimulatedAzure) -> None:
    simulated_azure.faults.add("trouble", path="/msi/token", troubles=["unavailable"], times=1)
    query = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
    headers = {"X-IDENTITY-HEADER": simulated_azure.identity_header}
    answers = [httpx.get(simulated_azure.identity_endpoint, params=query, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]
