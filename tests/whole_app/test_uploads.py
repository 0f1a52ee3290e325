"""Uploaded scripts, on the whole local stack: which content is built with, and what is said of the uploads."""

import hashlib
import json

import pytest

from local.stack import StackOptions, local_stack
from tests.whole_app.driving import Bakery, eventually, write_three_environments

SCRIPT = "linux/install_powershell.sh"
FIRST, SECOND = b"#!/bin/bash\r\necho first\r\n", b"#!/bin/bash\necho second\n"


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A stack with several environments, the second behind an approval; nothing starts by itself during the tests."""
    parameters = tmp_path_factory.mktemp("two")
    write_three_environments(parameters, {"dev": {"timeoutMinutes": 60}})
    options = StackOptions(build_seconds=1, parameters=parameters)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UPLOAD_QUIET_SECONDS", "3600")
        with (
            local_stack(tmp_path_factory.mktemp("stack"), options) as stack,
            Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
            driver.container("uploads") as uploads,
        ):
            driver.uploads = uploads
            yield driver


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def listed(bakery, **query):
    answer = bakery.api.get("/api/uploads", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def built(stage):
    (script,) = [one for one in stage["result"]["scripts"] if one["path"] == SCRIPT]
    return script


def test_all_stages_build_with_what_was_uploaded_when_the_run_was_asked_for(two):
    two.reset()
    two.uploads.upload_blob(SCRIPT, FIRST, overwrite=True)
    run_id = two.start(scope="all", stopEnvironment="dev")
    eventually(lambda: two.run(run_id)["approvals"], bool, 60)
    two.uploads.upload_blob(SCRIPT, SECOND, overwrite=True)
    assert two.api.post(f"/api/runs/{run_id}/approvals/dev", json={"decision": "approved"}).status_code == 200
    run = two.ended(run_id)
    assert run["state"] == "Succeeded"
    (pinned,) = [one for one in run["scripts"] if one["path"] == SCRIPT]
    assert (pinned["sha256"], pinned["origin"]) == (sha256(FIRST.replace(b"\r", b"")), "uploaded")
    first, second = run["stages"]
    assert built(first) == built(second) == pinned
    templates = [body["request"]["body"] for body in two.requests("PUT", "/imageTemplates/")]
    sums = [step.get("sha256Checksum") for body in templates for step in body["properties"]["customize"]]
    assert sums.count(pinned["sha256"]) == 2
    assert {one["origin"] for one in run["scripts"]} == {"uploaded", "packaged"}


def test_uploads_are_listed_with_the_images_that_use_them_newest_first(two):
    two.uploads.upload_blob(SCRIPT, FIRST, overwrite=True)
    (of_script,) = [one for one in listed(two)["uploads"] if one["path"] == SCRIPT]
    assert of_script["sha256"] == sha256(FIRST.replace(b"\r", b""))
    assert (of_script["size"], of_script["images"]) == (len(FIRST), ["linux"])
    two.uploads.upload_blob("linux/nobody_uses_it.sh", SECOND, overwrite=True)
    uploads = {one["path"]: one for one in listed(two)["uploads"]}
    assert uploads["linux/nobody_uses_it.sh"]["images"] == []
    assert len(listed(two, limit=1)["uploads"]) == 1
    for limit in ("0", "201", "all"):
        answer = two.api.get("/api/uploads", params={"limit": limit})
        assert (answer.status_code, answer.json()["faults"][0]["path"]) == (400, "limit")
    two.uploads.delete_blob(SCRIPT)
    assert SCRIPT not in json.dumps(listed(two)["uploads"])
