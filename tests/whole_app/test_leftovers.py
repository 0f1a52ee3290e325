"""Runs that are terminated or purged in the durable engine, and what a sweep makes of what they leave."""

import json
from datetime import timedelta

import httpx
import pytest
from durabletask.client import TaskHubGrpcClient

from local.durable_backend.control import advance_clock
from local.stack import StackOptions, local_stack
from tests.whole_app.driving import Bakery, eventually, write_three_environments

SBX = {"startEnvironment": "sbx", "stopEnvironment": "sbx"}
TEMPLATES = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-image-bakery-sbx"
    "/providers/Microsoft.VirtualMachineImages/imageTemplates"
)
API = "2024-02-01"


@pytest.fixture(scope="module")
def long_builds(tmp_path_factory):
    """A stack whose builds take hours, and whose environment dev waits for an approval; sbx is deployed."""
    parameters = tmp_path_factory.mktemp("three")
    write_three_environments(parameters, {"dev": {"timeoutMinutes": 60 * 24}})
    pipeline = parameters / "pipeline.json"
    # The timer that starts sweeps is to start nothing else.
    pipeline.write_text(json.dumps(json.loads(pipeline.read_text()) | {"schedule": {"enabled": False}}))
    options = StackOptions(build_seconds=4 * 3600, parameters=parameters)
    with (
        local_stack(tmp_path_factory.mktemp("stack"), options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        driver.simulation.post("/pace", json={"operationScale": 0.1}).raise_for_status()
        assert driver.ended(driver.start(scope="only-infrastructure", **SBX))["state"] == "Succeeded"
        yield driver


def engine(bakery, method, instance_id, action="", **query):
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/runtime/webhooks/durabletask/instances/{instance_id}{action}"
    answer = httpx.request(method, url, params={"code": functions["systemKey"], **query}, timeout=30)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def terminate(bakery, instance_id="pipeline-linux"):
    engine(bakery, "POST", instance_id, "/terminate", reason="too slow")


def sweep(bakery):
    """Let the hourly timer come, more than an hour later, and return what the sweep found."""
    advance_clock(bakery.stack["durable"]["address"], timedelta(minutes=61))
    before = bakery.api.get("/api/leftovers").json()["sweptAt"]
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/admin/functions/look_at_images"
    httpx.post(url, headers={"x-functions-key": functions["masterKey"]}, json={}, timeout=60).raise_for_status()
    report = eventually(lambda: bakery.api.get("/api/leftovers").json(), lambda found: found["sweptAt"] != before, 60)
    # Until it is over, the next one is not started.
    eventually(lambda: engine(bakery, "GET", "sweep")["runtimeStatus"], lambda status: status == "Completed")
    assert report["unanswered"] == []
    return [(one["kind"], one["remedy"], one["failure"]) for one in report["leftovers"]]


def listed(bakery, run_id):
    runs = bakery.api.get("/api/runs", params={"limit": 200}).json()["runs"]
    return next(run for run in runs if run["id"] == run_id)


def building(bakery, **options):
    run_id = bakery.start(scope="only-assets-and-image", **SBX, **options)

    def build():
        return next((stage["build"] for stage in bakery.run(run_id)["stages"] if stage["build"]), None)

    return run_id, eventually(build, lambda found: found is not None and found["runState"] == "Running", 60)


def templates(bakery):
    found = bakery.azure(TEMPLATES, API)["value"]
    return {one["name"]: one["properties"].get("lastRunStatus", {}).get("runState") for one in found}


def is_gone(bakery, build):
    eventually(lambda: templates(bakery), lambda found: build["templateName"] not in found, 60)


def is_canceled(bakery, build):
    eventually(lambda: templates(bakery)[build["templateName"]], lambda state: state == "Canceled", 60)


def ended(bakery, run_id, state):
    """Return a run that is over; the list tells the same of it."""
    run = eventually(lambda: bakery.run(run_id), lambda found: found["endedAt"] is not None)
    assert run["state"] == state
    row = listed(bakery, run_id)
    assert (row["state"], row["endedAt"]) == (state, run["endedAt"])
    return run


def test_a_build_is_left_alone_until_it_is_terminated_and_then_told_and_cleaned_up(long_builds):
    bakery = long_builds
    run_id, build = building(bakery)
    assert sweep(bakery) == []
    assert templates(bakery)[build["templateName"]] == "Running"
    terminate(bakery)
    run = ended(bakery, run_id, "Canceled")
    assert run["failure"]["code"] == "RunTerminated"
    assert "too slow" in run["failure"]["message"]
    assert [stage["state"] for stage in run["stages"]] == ["Canceled"]

    assert sweep(bakery) == [("run", "Closed", None), ("build", "Canceled", None)]
    engine(bakery, "DELETE", "pipeline-linux")
    assert ended(bakery, run_id, "Canceled")["failure"] == run["failure"]
    is_canceled(bakery, build)
    assert sweep(bakery) == [("imageTemplate", "Removed", None)]
    is_gone(bakery, build)
    assert sweep(bakery) == []


def waiting(bakery):
    run_id = bakery.start(scope="only-infrastructure", startEnvironment="dev", stopEnvironment="dev")
    eventually(lambda: bakery.run(run_id), lambda run: [one["state"] for one in run["approvals"]] == ["Waiting"])
    return run_id


def test_a_run_that_is_terminated_and_purged_while_it_waits_for_an_approval_is_closed(long_builds):
    bakery = long_builds
    run_id = waiting(bakery)
    terminate(bakery)
    assert [one["state"] for one in ended(bakery, run_id, "Canceled")["approvals"]] == ["Canceled"]
    late = bakery.api.post(f"/api/runs/{run_id}/approvals/dev", json={"decision": "approved"})
    assert late.status_code == 409
    engine(bakery, "DELETE", "pipeline-linux")
    lost = ended(bakery, run_id, "Failed")
    assert lost["failure"]["code"] == "RunLost"
    assert sweep(bakery) == [("run", "Closed", None)]
    assert ended(bakery, run_id, "Failed") == lost


def test_a_stage_that_outlives_its_run_is_canceled_in_good_order(long_builds):
    bakery = long_builds
    run_id, build = building(bakery)
    with TaskHubGrpcClient(host_address=bakery.stack["durable"]["address"]) as client:
        client.terminate_orchestration("pipeline-linux", recursive=False)
    assert [stage["state"] for stage in ended(bakery, run_id, "Canceled")["stages"]] == ["Running"]
    assert sweep(bakery) == [("run", "Canceled", None)]
    is_canceled(bakery, build)
    eventually(lambda: bakery.run(run_id)["stages"][0]["state"], lambda state: state == "Canceled")
    assert sweep(bakery) == [("run", "Closed", None)]
    assert ended(bakery, run_id, "Canceled")["stages"][0]["build"]["runState"] == "Canceled"
    assert sweep(bakery) == [("imageTemplate", "Removed", None)]
    is_gone(bakery, build)


def test_a_stage_that_outlives_its_run_can_be_canceled_before_a_sweep_does(long_builds):
    bakery = long_builds
    run_id, build = building(bakery)
    with TaskHubGrpcClient(host_address=bakery.stack["durable"]["address"]) as client:
        client.terminate_orchestration("pipeline-linux", recursive=False)
    ended(bakery, run_id, "Canceled")
    assert bakery.api.post(f"/api/runs/{run_id}/cancel", json={}).status_code == 202
    is_canceled(bakery, build)
    eventually(lambda: bakery.run(run_id)["stages"][0]["state"], lambda state: state == "Canceled")
    assert bakery.api.post(f"/api/runs/{run_id}/cancel", json={}).status_code == 409
    assert sweep(bakery) == [("run", "Closed", None)]
    assert sweep(bakery) == [("imageTemplate", "Removed", None)]
    is_gone(bakery, build)


def test_a_build_whose_stage_was_terminated_alone_is_canceled_by_what_watches_it(long_builds):
    bakery = long_builds
    run_id, build = building(bakery)
    with TaskHubGrpcClient(host_address=bakery.stack["durable"]["address"]) as client:
        client.terminate_orchestration(f"{run_id}-sbx", recursive=False)
    assert ended(bakery, run_id, "Failed")["stages"] == []
    assert sweep(bakery) == [("build", "Canceled", None)]
    is_canceled(bakery, build)
    assert sweep(bakery) == [("imageTemplate", "Removed", None)]
    is_gone(bakery, build)


def test_an_untended_build_that_nothing_tends_any_more_is_canceled_and_told(long_builds):
    bakery = long_builds
    run_id, build = building(bakery, waitForImageBuild=False)
    eventually(lambda: bakery.run(run_id), lambda found: found["state"] == "Triggered")
    terminate(bakery, f"{run_id}-sbx.tending")
    assert sweep(bakery) == [("run", "Closed", None), ("build", "Canceled", None)]
    run = ended(bakery, run_id, "Failed")
    assert run["stages"][0]["failure"]["code"] == "BuildUnattended"
    is_canceled(bakery, build)
    assert sweep(bakery) == []
