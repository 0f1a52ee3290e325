"""The HTTP API refuses what is wrong before anything is changed, and says what to write instead."""

import httpx
import pytest

from tests.whole_app.driving import Bakery, eventually


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b'{"image": linux}', ""),
        (b'{"imgae": "linux"}', "imgae"),
        (b'{"image": "linx"}', "image"),
        (b'{"startEnvironment": "nowhere"}', "startEnvironment"),
        (b'{"scope": "everything"}', "scope"),
        (b"[1, 2]", ""),
        (b"\xff\xfe\x00", ""),
    ],
)
def test_a_wrong_request_names_its_faults_and_starts_nothing(bakery: Bakery, content, path):
    before = len(bakery.api.get("/api/runs").json()["runs"])
    answer = bakery.api.post("/api/runs", content=content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert [fault["path"] for fault in problem["faults"]] == [path]
    assert all(fault["instead"] for fault in problem["faults"])
    assert len(bakery.api.get("/api/runs").json()["runs"]) == before


def test_a_request_that_is_far_too_long_is_not_even_read(bakery: Bakery):
    answer = bakery.api.post("/api/runs", content=b"[" * 100_000)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_the_key_nothing_is_told_and_nothing_started(bakery: Bakery, method, key):
    headers = {"x-functions-key": key} if key else {}
    answer = httpx.request(method, f"{bakery.stack['functions']['url']}/api/runs", headers=headers, content=b"{}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "run_id", ["linux-20200101-000000-000000", "nonsense", "..%2f..%2frecords", "linux-20200101-000000-00000g"]
)
def test_a_run_that_does_not_exist_is_not_found(bakery: Bakery, run_id):
    answer = bakery.api.get(f"/api/runs/{run_id}")
    assert answer.status_code == 404


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "201", "٣", "9" * 5000])
def test_a_limit_that_is_none_is_refused(bakery: Bakery, limit):
    answer = bakery.api.get("/api/runs", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["faults"][0]["path"] == "limit"


def test_a_second_run_of_an_image_is_told_of_the_one_that_is_on(bakery: Bakery):
    bakery.reset()
    answer = bakery.api.post("/api/runs", json={"scope": "all"})
    assert answer.status_code == 202
    run_id = answer.json()["id"]
    assert answer.headers["location"] == answer.json()["statusUrl"]
    assert "code=" not in answer.json()["statusUrl"]
    second = bakery.api.post("/api/runs", json={"scope": "all"})
    assert second.status_code == 409
    assert (second.json()["id"], second.json()["statusUrl"]) == (run_id, answer.json()["statusUrl"])
    assert bakery.ended(run_id)["state"] == "Succeeded"
    third = bakery.start(scope="only-image")
    again = bakery.ended(third)
    assert again["state"] == "Succeeded"
    (removed,) = again["stages"][0]["removal"]["templates"]
    assert removed["logCopy"]
    assert removed["failure"] is None
    newest = [run["id"] for run in bakery.api.get("/api/runs", params={"limit": 2}).json()["runs"]]
    assert newest == [third, run_id]


def test_progress_is_shown_while_a_run_is_on(bakery: Bakery):
    bakery.reset()
    run_id = bakery.start(scope="all")
    shown = set()

    def read():
        run = bakery.run(run_id)
        shown.update((step["name"], step["state"]) for stage in run["stages"] for step in stage["steps"])
        return run

    ended = eventually(read, lambda run: run["endedAt"] is not None, 90)
    assert ended["state"] == "Succeeded"
    assert ("infrastructure", "Running") in shown
    assert ("build", "Running") in shown


def test_a_run_that_does_not_wait_is_over_at_once_and_its_record_is_completed_when_the_build_is(bakery: Bakery):
    bakery.reset()
    run_id = bakery.start(scope="all", waitForImageBuild=False)
    triggered = bakery.ended(run_id)
    assert triggered["state"] in {"Triggered", "Succeeded"}
    completed = eventually(lambda: bakery.run(run_id), lambda run: run["state"] == "Succeeded", 60)
    (stage,) = completed["stages"]
    assert stage["result"]["imageVersionId"]
    assert stage["build"]["runState"] == "Succeeded"
