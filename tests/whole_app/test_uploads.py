"""Uploaded scripts, on the whole local stack: which content is built with, and what is said of the uploads."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from local.stack import StackOptions, local_stack
from tests.whole_app.driving import Bakery, eventually, write_three_environments

SCRIPT = "linux/install_powershell.sh"
QUIET = timedelta(hours=1)
FIRST, SECOND = b"#!/bin/bash\r\necho first\r\n", b"#!/bin/bash\necho second\n"


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A stack with several environments, the second behind an approval; nothing starts by itself during the tests."""
    parameters = tmp_path_factory.mktemp("two")
    write_three_environments(parameters, {"dev": {"timeoutMinutes": 60}})
    options = StackOptions(
        build_seconds=1, parameters=parameters, settings={"UPLOAD_QUIET_SECONDS": f"{QUIET.total_seconds():.0f}"}
    )
    folder = tmp_path_factory.mktemp("stack")
    with (
        local_stack(folder, options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
        driver.container("uploads") as uploads,
    ):
        driver.uploads = uploads
        driver.log = folder / "logs" / "functions-host.log"
        yield driver


def look_at(bakery):
    """Return when the look is made that was asked for, or None."""
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/runtime/webhooks/durabletask/instances/upkeep-linux"
    answer = httpx.get(url, params={"code": functions["systemKey"]})
    told = (answer.json().get("customStatus") or {}).get("lookAt") if answer.is_success else None
    return told and datetime.fromisoformat(told)


def upload(bakery, path, content):
    """Upload a script that the image uses; the app has taken notice of it by then."""
    bakery.uploads.upload_blob(path, content, overwrite=True)
    uploaded = bakery.uploads.get_blob_client(path).get_blob_properties()
    receipt = f"blobreceipts/note_script_upload/{uploaded.etag.strip('"')}/"
    with bakery.container("azure-webjobs-hosts") as of_the_host:
        eventually(lambda: list(of_the_host.list_blob_names(name_starts_with=receipt)), bool, 60)
    return eventually(lambda: look_at(bakery), lambda at: at and at >= uploaded.last_modified + QUIET, 60)


def remove(bakery, path):
    """Delete an upload; the app has taken notice of it by then."""
    began = datetime.now(UTC)
    bakery.uploads.delete_blob(path)
    return eventually(lambda: look_at(bakery), lambda at: at and at >= began + QUIET, 60)


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
    upload(two, SCRIPT, FIRST)
    run_id = two.start(scope="all", stopEnvironment="dev")
    eventually(lambda: two.run(run_id)["approvals"], bool, 60)
    upload(two, SCRIPT, SECOND)
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
    upload(two, SCRIPT, FIRST)
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
    remove(two, SCRIPT)
    assert SCRIPT not in json.dumps(listed(two)["uploads"])


def deliver(bakery, function, hook, event):
    functions = bakery.stack["functions"]
    return httpx.post(
        f"{functions['url']}/runtime/webhooks/{hook}",
        params={"functionName": f"Host.Functions.{function}", "code": functions["systemKey"]},
        json=[{"id": "e", "eventTime": "2026-03-11T03:00:00Z", "data": {}, "dataVersion": "", **event}],
        timeout=60,
    ).status_code


def subject(path, container="uploads"):
    return f"/blobServices/default/containers/{container}/blobs/{path}"


def test_an_upload_and_its_removal_are_noticed_and_put_the_look_off(two):
    after_upload = upload(two, "versions.env", FIRST)
    assert remove(two, "versions.env") > after_upload


REFUSED = {
    "linux/setup.exe": (b"MZ", "no script for Linux"),
    "linux/Install_powershell.sh": (FIRST, "differs only in upper and lower case"),
    "linux/empty.sh": (b"", "is empty"),
    "linux/large.sh": (b"#" * (20 * 1024 * 1024 + 1), "20 MB"),
    "macos/install.sh": (FIRST, "do not lie in macos/"),
    "linux/line\nbreak.sh": (FIRST, r"'line\nbreak.sh'"),
    "linux/..hidden.sh": (FIRST, "'..hidden.sh'"),
    "linux/no_image_uses_it.sh": (FIRST, "No image uses this file"),
}


def test_what_is_of_no_use_is_noted_once_with_what_to_upload_instead_and_starts_nothing(two):
    for path, (content, _) in REFUSED.items():
        two.uploads.upload_blob(path, content, overwrite=True)

    def refused():
        return {one["path"]: one for one in listed(two, limit=200)["refused"]}

    notes = eventually(refused, lambda found: found.keys() >= REFUSED.keys(), 60)
    before = look_at(two)
    for path, (_, problem) in REFUSED.items():
        assert problem in notes[path]["problem"], path
        assert notes[path]["instead"].startswith("Upload")
        created = {"eventType": "Microsoft.Storage.BlobCreated", "subject": subject(path)}
        assert deliver(two, "note_script_upload", "blobs", created) == 202
    assert {path: refused()[path] for path in REFUSED} == {path: notes[path] for path in REFUSED}
    lines = [line for line in two.log.read_text().splitlines() if "is of no use" in line]
    for path in REFUSED:
        shown = path.replace("\n", r"\n")
        assert len([line for line in lines if f"The upload '{shown}' is" in line]) == 1, path
    counting = {one["path"] for one in listed(two)["uploads"]}
    assert REFUSED.keys() & counting == {"linux/no_image_uses_it.sh"}
    assert look_at(two) == before


def test_events_of_other_containers_other_kinds_and_files_that_are_not_there_are_nothing(two):
    before = look_at(two)
    removed = "Microsoft.Storage.BlobDeleted"
    for event in (
        {"eventType": removed, "subject": subject(SCRIPT, "records")},
        {"eventType": "Microsoft.Resources.ResourceActionSuccess", "subject": subject(SCRIPT)},
        {"eventType": "Microsoft.Storage.BlobCreated", "subject": subject(SCRIPT)},
    ):
        assert deliver(two, "note_script_removal", "eventgrid", event) == 202
    no_event = {"eventType": removed, "subject": [subject(SCRIPT)]}
    assert deliver(two, "note_script_removal", "eventgrid", no_event) == 400
    gone = {"eventType": "Microsoft.Storage.BlobCreated", "subject": subject("linux/was_never_there.sh")}
    assert deliver(two, "note_script_upload", "blobs", gone) == 202
    assert look_at(two) == before
    listed_runs = two.api.get("/api/runs").json()["runs"]
    assert {run["startedBy"]["kind"] for run in listed_runs} <= {"http"}
