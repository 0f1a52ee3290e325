"""Records histories: lets runs of every kind go through a local stack, and keeps what each orchestration did."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from local.durable_backend.control import advance_clock
from local.stack import StackOptions, local_stack
from orchestrators import sweep_leftovers as sweeps
from orchestrators.watch_image_build import LOOK_EVENT, STEPS_PER_HISTORY, instance_id
from tests.histories.recorded import read, write
from tests.histories.replay import TODAY, misfits
from tests.whole_app.driving import Bakery, eventually, write_three_environments

# What differs from machine to machine, and says nothing.
LOCAL_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")
APPROVAL = {"approvers": ["ada@example.org"], "timeoutMinutes": 60}
SBX = {"startEnvironment": "sbx", "stopEnvironment": "sbx"}


def record(folder: Path, scratch: Path) -> list[str]:
    """Record all stories, and put those into a folder that it does not have, or of which a recording does not hold.

    Returns the names of these. `scratch` is an empty folder, which is of no use after that.
    """
    parameters = scratch / "parameters"
    parameters.mkdir(parents=True)
    write_three_environments(parameters, {"dev": APPROVAL})
    kept = scratch / "histories"
    options = StackOptions(
        build_seconds=2, parameters=parameters, settings={"UPLOAD_QUIET_SECONDS": "0.5"}, histories=kept
    )
    told, new = 0, scratch / "recorded"
    with (
        local_stack(scratch / "stack", options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as bakery,
    ):
        bakery.simulation.post("/pace", json={"operationScale": 0.2}).raise_for_status()
        for story in STORIES:
            story(bakery)
            files = sorted(kept.glob("*.jsonl"))
            for number, file in enumerate(files[told:], start=1):
                events = [_neutral(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
                write(new / story.__name__ / f"{number:02}-{_orchestrator(events)}.jsonl", events)
            told = len(files)
    replaced = [story.__name__ for story in STORIES if not _holds(folder / story.__name__)]
    for name in replaced:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(new / name, folder / name)
    return replaced


def a_run_through_two_environments(bakery: Bakery) -> None:
    """Everything that there is for the first time, an approval between."""
    run_id = bakery.start(scope="all", stopEnvironment="dev")
    _decide(bakery, run_id, "approved")
    _ends(bakery, run_id, "Succeeded")


def an_approval_that_is_rejected(bakery: Bakery) -> None:
    run_id = bakery.start(scope="only-infrastructure", stopEnvironment="dev")
    _decide(bakery, run_id, "rejected")
    _ends(bakery, run_id, "Rejected")


def an_approval_that_nobody_gives(bakery: Bakery) -> None:
    run_id = bakery.start(scope="only-infrastructure", startEnvironment="dev", stopEnvironment="dev")
    _waits(bakery, run_id)
    _jump(bakery, timedelta(minutes=61))
    _ends(bakery, run_id, "TimedOut")


def a_run_that_is_canceled_while_it_builds(bakery: Bakery) -> None:
    """The earlier template is removed first."""
    bakery.simulation.post("/pace", json={"buildSeconds": 600}).raise_for_status()
    run_id = bakery.start(scope="only-assets-and-image", **SBX)
    _builds(bakery, run_id)
    bakery.api.post(f"/api/runs/{run_id}/cancel", json={"reason": "wrong version"}).raise_for_status()
    _ends(bakery, run_id, "Canceled")
    bakery.simulation.post("/pace", json={"buildSeconds": 2}).raise_for_status()


def a_build_that_nobody_waits_for(bakery: Bakery) -> None:
    run_id = bakery.start(scope="only-image", waitForImageBuild=False, **SBX)
    eventually(lambda: bakery.run(run_id), lambda run: run["state"] == "Succeeded", 60)


def a_build_that_nobody_waits_for_and_that_is_canceled(bakery: Bakery) -> None:
    bakery.simulation.post("/pace", json={"buildSeconds": 600}).raise_for_status()
    run_id = bakery.start(scope="only-image", waitForImageBuild=False, **SBX)
    _builds(bakery, run_id)
    bakery.ended(run_id)
    bakery.api.post(f"/api/runs/{run_id}/cancel", json={"reason": "wrong version"}).raise_for_status()
    eventually(lambda: bakery.run(run_id), lambda run: run["state"] == "Canceled", 60)
    bakery.simulation.post("/pace", json={"buildSeconds": 2}).raise_for_status()


def a_build_that_leaves_a_version_half_made(bakery: Bakery) -> None:
    bakery.switch_on(kind="build", outcome="Failed", subState="Distributing", times=1)
    run_id = bakery.start(scope="only-image", **SBX)
    _ends(bakery, run_id, "Failed")
    (stage,) = bakery.run(run_id)["stages"]
    assert len(stage["result"]["halfMade"]) == 1


def a_build_that_fails(bakery: Bakery) -> None:
    bakery.switch_on(kind="build", outcome="Failed", times=1)
    _ends(bakery, bakery.start(scope="only-image", **SBX), "Failed")


def a_build_that_is_watched_for_long(bakery: Bakery) -> None:
    """So many events say to look that the watch starts over with an empty history."""
    bakery.simulation.post("/pace", json={"buildSeconds": 600}).raise_for_status()
    run_id = bakery.start(scope="only-image", **SBX)
    template_id = _builds(bakery, run_id)["templateId"]
    readings = len(bakery.requests("GET", template_id))
    for _ in range(STEPS_PER_HISTORY + 5):
        _durable(bakery, f"{instance_id(template_id)}/raiseEvent/{LOOK_EVENT}")
    _jump(bakery, timedelta(minutes=1))
    eventually(lambda: len(bakery.requests("GET", template_id)), lambda count: count > readings)
    bakery.simulation.post("/clock", json={"advanceSeconds": 600}).raise_for_status()
    _jump(bakery, timedelta(minutes=10))
    _ends(bakery, run_id, "Succeeded")
    bakery.simulation.post("/pace", json={"buildSeconds": 2}).raise_for_status()


def an_answer_that_comes_at_the_second_try(bakery: Bakery) -> None:
    bakery.switch_on(kind="status", method="GET", path="/galleries/[^/]*$", status=503, times=2)
    _ends(bakery, bakery.start(scope="only-infrastructure", **SBX), "Succeeded")


def a_removal(bakery: Bakery) -> None:
    _ends(bakery, bakery.start(scope="only-removal", **SBX), "Succeeded")


def an_upload_and_the_month_after_it(bakery: Bakery) -> None:
    """What keeps the image current starts a run, which is canceled where it waits, and later finds a patch due."""
    bakery.container("uploads").upload_blob("linux/install_powershell.sh", b"echo uploaded\n", overwrite=True)
    run = eventually(lambda: _newest(bakery), lambda one: one["startedBy"]["kind"] == "upload", 60)
    _waits(bakery, run["id"])
    bakery.api.post(f"/api/runs/{run['id']}/cancel", json={}).raise_for_status()
    _ends(bakery, run["id"], "Canceled")
    _jump(bakery, timedelta(days=40))
    run = eventually(lambda: _newest(bakery), lambda one: one["startedBy"]["kind"] == "timer", 60)
    bakery.api.post(f"/api/runs/{run['id']}/cancel", json={}).raise_for_status()
    _ends(bakery, run["id"], "Canceled")


def a_sweep_of_what_a_termination_left(bakery: Bakery) -> None:
    """The first sweep closes the record and cancels the build, the next one removes the image template."""
    bakery.simulation.post("/pace", json={"buildSeconds": 36000}).raise_for_status()
    run_id = bakery.start(scope="only-image", **SBX)
    _builds(bakery, run_id)
    _durable(bakery, "pipeline-linux/terminate")
    bakery.ended(run_id)
    _sweep(bakery)
    _sweep(bakery)


STORIES: tuple[Callable[[Bakery], None], ...] = (
    a_run_through_two_environments,
    an_approval_that_is_rejected,
    an_approval_that_nobody_gives,
    a_run_that_is_canceled_while_it_builds,
    a_build_that_nobody_waits_for,
    a_build_that_nobody_waits_for_and_that_is_canceled,
    a_build_that_leaves_a_version_half_made,
    a_build_that_fails,
    a_build_that_is_watched_for_long,
    an_answer_that_comes_at_the_second_try,
    a_removal,
    an_upload_and_the_month_after_it,
    a_sweep_of_what_a_termination_left,
)


def _holds(story: Path) -> bool:
    """Say whether there are recordings of a story, and today's orchestrators go on as in each of them."""
    files = sorted(story.glob("*.jsonl"))
    return bool(files) and not any(list(misfits(read(file), TODAY)) for file in files)


def _waits(bakery: Bakery, run_id: str) -> None:
    eventually(lambda: bakery.run(run_id), lambda run: any(one["state"] == "Waiting" for one in run["approvals"]), 60)


def _decide(bakery: Bakery, run_id: str, decision: str) -> None:
    _waits(bakery, run_id)
    body = {"decision": decision, "who": "ada@example.org"}
    bakery.api.post(f"/api/runs/{run_id}/approvals/dev", json=body).raise_for_status()


def _builds(bakery: Bakery, run_id: str) -> dict[str, Any]:
    """Return the build of a run once it is on."""

    def build() -> dict[str, Any] | None:
        return next((stage["build"] for stage in bakery.run(run_id)["stages"]), None)

    return eventually(build, lambda found: found is not None and found["runState"] == "Running", 60) or {}


def _ends(bakery: Bakery, run_id: str, state: str) -> None:
    run = bakery.ended(run_id)
    assert run["state"] == state, run


def _durable(bakery: Bakery, action: str) -> None:
    """Let the durable engine do something with an instance, as an operator would."""
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/runtime/webhooks/durabletask/instances/{action}"
    httpx.post(url, params={"code": functions["systemKey"]}, timeout=30).raise_for_status()


def _is_over(bakery: Bakery, instance_id: str) -> bool:
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/runtime/webhooks/durabletask/instances/{instance_id}"
    return httpx.get(url, params={"code": functions["systemKey"]}, timeout=30).status_code == HTTPStatus.OK


def _sweep(bakery: Bakery) -> None:
    """Let the hourly timer come, an hour later."""
    _jump(bakery, timedelta(minutes=61))
    before = bakery.api.get("/api/leftovers").json()["sweptAt"]
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/admin/functions/look_at_images"
    httpx.post(url, headers={"x-functions-key": functions["masterKey"]}, json={}, timeout=60).raise_for_status()
    eventually(lambda: bakery.api.get("/api/leftovers").json()["sweptAt"], lambda moment: moment != before)
    eventually(lambda: _is_over(bakery, sweeps.instance_id()), bool)


def _newest(bakery: Bakery) -> dict[str, Any]:
    return bakery.api.get("/api/runs", params={"limit": 1}).json()["runs"][0]


def _jump(bakery: Bakery, duration: timedelta) -> None:
    advance_clock(bakery.stack["durable"]["address"], duration)


def _neutral(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what tells of this machine: addresses, and where its files lie."""
    text = LOCAL_ADDRESS.sub("https://local.example.org", json.dumps(event))
    return json.loads(
        text, object_hook=lambda told: {name: value for name, value in told.items() if name != "stackTrace"}
    )


def _orchestrator(events: list[dict[str, Any]]) -> str:
    return next(event["executionStarted"]["name"] for event in events if "executionStarted" in event)
