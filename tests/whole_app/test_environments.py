"""Several environments with approvals, on the whole local stack."""

import base64
import json
from datetime import datetime, timedelta

import pytest

from local.durable_backend.control import advance_clock
from local.stack import StackOptions, local_stack
from tests.whole_app.driving import SUBSCRIPTIONS, Bakery, eventually, write_three_environments

APPROVALS = {
    "dev": {"approvers": ["ann@example.org"], "timeoutMinutes": 60, "notByStarter": True},
    "prd": {"timeoutMinutes": 30 * 24 * 60},
}


def signed_in(name, *roles):
    """Return the header that App Service authentication adds; nothing stands in between here that would check it."""
    claims = [
        ("preferred_username", name),
        ("oid", f"id of {name}"),
        *(("roles", role) for role in roles or ("Operator", "Approver")),
    ]
    principal = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims]}
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(principal).encode()).decode()}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A stack with three environments, the last two behind approvals."""
    parameters = tmp_path_factory.mktemp("three")
    write_three_environments(parameters, APPROVALS)
    options = StackOptions(build_seconds=1, parameters=parameters, settings={"WEBSITE_AUTH_ENABLED": "true"})
    with (
        local_stack(tmp_path_factory.mktemp("stack"), options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        yield driver


def waits_for(bakery, run_id, environment):
    def approvals(run):
        return [(one["environment"], one["state"]) for one in run["approvals"]]

    return eventually(lambda: bakery.run(run_id), lambda run: (environment, "Waiting") in approvals(run), 60)


CARL = signed_in("carl@example.org")


def decide(bakery, run_id, environment, headers=CARL, **body):
    return bakery.api.post(f"/api/runs/{run_id}/approvals/{environment}", json=body, headers=headers)


def test_two_approvals_let_a_run_through_and_what_does_not_count_is_answered_distinctly(three):
    three.reset()
    answer = three.api.post("/api/runs", json={"scope": "all"}, headers=signed_in("bob@example.org"))
    run_id = answer.json()["id"]
    early = decide(three, run_id, "prd", decision="approved")
    assert (early.status_code, "does not wait" in early.json()["detail"]) == (409, True)

    strange = decide(three, run_id, "qqq", decision="approved")
    assert (strange.status_code, "sbx, dev, prd" in strange.json()["detail"]) == (404, True)

    waits_for(three, run_id, "dev")
    stranger = decide(three, run_id, "dev", signed_in("eve@example.org"), decision="approved")
    assert (stranger.status_code, "not among the approvers" in stranger.json()["detail"]) == (403, True)
    wrong = decide(three, run_id, "dev", decision="aproved")
    assert wrong.status_code == 400
    assert wrong.json()["faults"][0]["instead"] == "approved"
    counted = decide(three, run_id, "dev", signed_in("Ann@example.org"), decision="approved", reason="Looks good.")
    assert counted.status_code == 200
    assert counted.json()["decision"]["who"] == {
        "name": "Ann@example.org",
        "verified": True,
        "id": "id of Ann@example.org",
    }
    second = decide(three, run_id, "dev", signed_in("ann@example.org"), decision="rejected")
    assert (second.status_code, "Ann@example.org approved it" in second.json()["detail"]) == (409, True)

    waits_for(three, run_id, "prd")
    assert decide(three, run_id, "prd", decision="approved").status_code == 200
    run = three.ended(run_id)
    assert run["state"] == "Succeeded"
    assert [stage["environment"] for stage in run["stages"]] == ["sbx", "dev", "prd"]
    assert [one["decision"]["who"]["verified"] for one in run["approvals"]] == [True, True]
    late = decide(three, run_id, "prd", decision="rejected")
    assert (late.status_code, "carl@example.org approved it" in late.json()["detail"]) == (409, True)
    who = {"name": "bob@example.org", "verified": True, "id": "id of bob@example.org"}
    assert run["startedBy"] == {"kind": "http", "who": who, "month": None, "reason": None}


def approve_dev(bakery, run_id):
    waits_for(bakery, run_id, "dev")
    assert decide(bakery, run_id, "dev", signed_in("ann@example.org"), decision="approved").status_code == 200


def written_to(bakery):
    """Return the environments in whose subscriptions anything was written."""
    subscriptions = {entry["url"].split("/")[2] for entry in bakery.requests("PUT")}
    return [name for name, subscription in SUBSCRIPTIONS.items() if subscription in subscriptions]


def test_a_rejection_ends_the_run_before_the_environment(three):
    three.reset()
    run_id = three.start(scope="all", startEnvironment="sbx")
    waits_for(three, run_id, "dev")
    headers = signed_in("ann@example.org")
    assert decide(three, run_id, "dev", headers, decision="rejected", reason="Not this week.").status_code == 200
    run = three.ended(run_id)
    assert run["state"] == "Rejected"
    assert [stage["environment"] for stage in run["stages"]] == ["sbx"]
    assert run["approvals"][0]["decision"]["reason"] == "Not this week."
    assert written_to(three) == ["sbx"]


def test_the_second_approval_may_be_rejected_too(three):
    three.reset()
    run_id = three.start(scope="only-infrastructure")
    approve_dev(three, run_id)
    waits_for(three, run_id, "prd")
    assert decide(three, run_id, "prd", decision="rejected").status_code == 200
    run = three.ended(run_id)
    assert run["state"] == "Rejected"
    assert [stage["state"] for stage in run["stages"]] == ["Succeeded", "Succeeded"]
    assert [one["state"] for one in run["approvals"]] == ["Approved", "Rejected"]
    assert written_to(three) == ["sbx", "dev"]


def test_nobody_decides_for_thirty_days_and_the_run_is_over_for_good(three):
    three.reset()
    run_id = three.start(scope="only-infrastructure")
    approve_dev(three, run_id)
    waiting = waits_for(three, run_id, "prd")["approvals"][1]
    patience = datetime.fromisoformat(waiting["deadline"]) - datetime.fromisoformat(waiting["requestedAt"])
    assert patience == timedelta(days=30)

    advance_clock(three.stack["durable"]["address"], timedelta(days=29))
    assert three.run(run_id)["endedAt"] is None
    advance_clock(three.stack["durable"]["address"], timedelta(days=1))
    run = three.ended(run_id)
    assert (run["state"], run["failure"]) == ("TimedOut", None)
    assert [(one["environment"], one["state"]) for one in run["approvals"]] == [
        ("dev", "Approved"),
        ("prd", "TimedOut"),
    ]
    assert [stage["environment"] for stage in run["stages"]] == ["sbx", "dev"]
    assert written_to(three) == ["sbx", "dev"]

    late = decide(three, run_id, "prd", decision="approved")
    assert late.status_code == 409
    assert "TimedOut (deadline " in late.json()["detail"]
    assert three.run(run_id) == run


def test_the_record_of_a_run_outlives_a_purge_of_the_engines_history(three):
    three.reset()
    run_id = three.start(scope="only-infrastructure", startEnvironment="dev", stopEnvironment="dev")
    approve_dev(three, run_id)
    run = three.ended(run_id)
    instances = f"{three.stack['functions']['url']}/runtime/webhooks/durabletask/instances"
    key = {"x-functions-key": three.stack["functions"]["systemKey"]}

    def known():
        """Return the states of the instances that the engine knows."""
        return {one["runtimeStatus"] for one in three.api.get(instances, headers=key).json()}

    eventually(known, lambda states: states <= {"Completed", "Terminated", "Failed"})
    since = {"createdTimeFrom": "2020-01-01T00:00:00Z"}
    assert three.api.delete(instances, headers=key, params=since).json()["instancesDeleted"] >= 3
    assert known() == set()

    assert three.run(run_id) == run
    assert run_id in [one["id"] for one in three.api.get("/api/runs").json()["runs"]]
    late = decide(three, run_id, "dev", signed_in("ann@example.org"), decision="rejected")
    assert (late.status_code, "ann@example.org approved it" in late.json()["detail"]) == (409, True)
    canceled = three.api.post(f"/api/runs/{run_id}/cancel", json={})
    assert (canceled.status_code, canceled.json()["title"]) == (409, "The run is over")


def test_nobody_lets_through_the_run_he_started_where_the_environment_says_so(three):
    three.reset()
    body = {"scope": "only-infrastructure"}
    run_id = three.api.post("/api/runs", json=body, headers=signed_in("ann@example.org")).json()["id"]
    waits_for(three, run_id, "dev")
    own = decide(three, run_id, "dev", signed_in("ann@example.org"), decision="approved")
    assert (own.status_code, "started the run" in own.json()["detail"]) == (403, True)
    assert three.api.post(f"/api/runs/{run_id}/cancel", json={"who": "ann"}).status_code == 202
    assert three.ended(run_id)["state"] == "Canceled"


def test_a_run_can_start_and_stop_anywhere(three):
    three.reset()
    run_id = three.start(scope="only-infrastructure", startEnvironment="prd", stopEnvironment="prd")
    waits_for(three, run_id, "prd")
    assert decide(three, run_id, "prd", decision="approved").status_code == 200
    run = three.ended(run_id)
    assert (run["state"], [stage["environment"] for stage in run["stages"]]) == ("Succeeded", ["prd"])
    assert decide(three, run_id, "dev", decision="approved").status_code == 409


def test_a_canceled_run_cancels_its_build_in_azure(three):
    three.reset()
    three.simulation.post("/pace", json={"buildSeconds": 600})
    try:
        run_id = three.start(scope="all", stopEnvironment="sbx")
        eventually(lambda: three.run(run_id), lambda run: run["stages"] and run["stages"][0]["build"], 60)
        canceled = three.api.post(f"/api/runs/{run_id}/cancel", json={"reason": "Wrong branch.", "who": "bob"})
        assert canceled.status_code == 202
        run = three.ended(run_id)
        assert run["state"] == "Canceled"
        assert run["stages"][0]["failure"]["message"] == "bob canceled the run: Wrong branch."
        assert run["stages"][0]["build"]["runState"] == "Canceled"
        assert len(three.requests("POST", "/cancel")) == 1
        again = three.api.post(f"/api/runs/{run_id}/cancel", json={})
        assert (again.status_code, again.json()["title"]) == (409, "The run is over")
    finally:
        three.simulation.post("/pace", json={"buildSeconds": 1})


@pytest.mark.parametrize("last", ["sbx", "dev"])
def test_a_canceled_run_cancels_the_build_that_it_did_not_wait_for_whether_it_is_over_or_not(three, last):
    three.reset()
    three.simulation.post("/pace", json={"buildSeconds": 600})
    try:
        run_id = three.start(scope="all", stopEnvironment=last, waitForImageBuild=False)
        eventually(lambda: three.run(run_id), lambda run: run["endedAt"] or run["approvals"], 60)
        canceled = three.api.post(f"/api/runs/{run_id}/cancel", json={"reason": "Wrong branch.", "who": "bob"})
        assert (canceled.status_code, canceled.json()["id"]) == (202, run_id)

        def states(run):
            return [run["state"], *(stage["state"] for stage in run["stages"])]

        run = eventually(lambda: three.run(run_id), lambda run: states(run) == ["Canceled", "Canceled"], 60)
        assert run["stages"][0]["failure"]["message"] == "bob canceled the run: Wrong branch."
        assert run["stages"][0]["build"]["runState"] == "Canceled"
        assert run["canceledBy"]["who"]["name"] == "bob"
        assert len(three.requests("POST", "/cancel")) == 1
        again = three.api.post(f"/api/runs/{run_id}/cancel", json={})
        assert (again.status_code, again.json()["title"]) == (409, "The run is over")
    finally:
        three.simulation.post("/pace", json={"buildSeconds": 1})


@pytest.mark.parametrize("path", ["approvals/dev", "cancel"])
def test_a_run_that_is_not_there_cannot_be_decided_on(three, path):
    body = {"decision": "approved"} if path != "cancel" else {}
    answer = three.api.post(f"/api/runs/linux-20200101-000000-000000/{path}", json=body, headers=CARL)
    assert answer.status_code == 404


def test_a_key_alone_decides_nothing_where_people_sign_in(three):
    three.reset()
    run_id = three.start(scope="only-infrastructure", startEnvironment="prd", who="bob")
    waits_for(three, run_id, "prd")
    answer = decide(three, run_id, "prd", None, decision="approved", who="carl@example.org")
    assert (answer.status_code, "the role Approver" in answer.json()["detail"]) == (403, True)
    operator = decide(three, run_id, "prd", signed_in("carl@example.org", "Operator"), decision="approved")
    assert (operator.status_code, "the role Approver" in operator.json()["detail"]) == (403, True)
    assert decide(three, run_id, "prd", signed_in("carl@example.org", "Approver"), decision="rejected").is_success
    assert three.ended(run_id)["state"] == "Rejected"
