"""Runs that nobody asks for, on the whole app: uploads, the patch timer, and requests at the same moment."""

import hashlib
import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.blob import BlobServiceClient

from local.durable_backend.control import advance_clock
from local.stack import APP_FOLDER, StackOptions, local_stack
from tests.whole_app.driving import Bakery, eventually

QUIET_SECONDS = 1.0
IMAGES = ("agents", "agents2", "desktops")
FILES = 40


class Uploads:
    """The container `uploads` of a stack, and Event Grid's deliveries to its host."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._stack = stack
        blobs = BlobServiceClient.from_connection_string(
            stack["blob"]["connectionString"], connection_verify=stack["caFile"]
        )
        self._container = blobs.get_container_client("uploads")

    def put(self, path: str, content: bytes) -> None:
        """Upload a file."""
        self._container.upload_blob(path, content, overwrite=True)

    def remove(self, path: str) -> None:
        """Delete an upload."""
        self._container.delete_blob(path)

    def tell(self, path: str, event: str = "BlobCreated") -> None:
        """Deliver an event that tells of the file, whatever lies there by now."""
        functions = self._stack["functions"]
        name, hook = {
            "BlobCreated": ("note_script_upload", "blobs"),
            "BlobDeleted": ("note_script_removal", "eventgrid"),
        }[event]
        body = {
            "id": "e",
            "eventType": f"Microsoft.Storage.{event}",
            "subject": f"/blobServices/default/containers/uploads/blobs/{path}",
            "eventTime": "2026-03-11T03:00:00Z",
            "data": {"url": f"{self._stack['blob']['url']}/uploads/{path}"},
            "dataVersion": "",
        }
        answer = httpx.post(
            f"{functions['url']}/runtime/webhooks/{hook}",
            params={"functionName": f"Host.Functions.{name}", "code": functions["systemKey"]},
            headers={"aeg-event-type": "Notification"},
            json=[body],
            timeout=60,
        )
        assert answer.status_code == 202, answer.text


def files_of(image: str) -> list[str]:
    """Return the files that an image uses: 10 of its own, and 10 that all share."""
    number = IMAGES.index(image)
    return [f"linux/step_{index:02}.sh" for index in [*range(number * 10, number * 10 + 10), *range(30, FILES)]]


def write_configuration(folder: Path) -> tuple[Path, Path]:
    """Make three images of 40 scripts, one name the prefix of another, in the sample's environment."""
    parameters, customization = folder / "parameters", folder / "customization"
    (customization / "linux").mkdir(parents=True)
    parameters.mkdir()
    for index in range(FILES):
        (customization / f"linux/step_{index:02}.sh").write_text(f"echo packaged {index}\n")
    pipeline = {
        "environments": [
            {"name": "sbx", "subscriptionId": "00000000-0000-0000-0000-000000000001", "location": "westeurope"}
        ],
        "images": [{"name": name, "osType": "Linux"} for name in IMAGES],
    }
    (parameters / "pipeline.json").write_text(json.dumps(pipeline))
    definition = {
        "osType": "Linux",
        "publisher": "us",
        "offer": "linux",
        "hyperVGeneration": "V2",
        "securityType": "TrustedLaunchSupported",
    }
    infrastructure = {
        "rgParam": {"name": "rg"},
        "msiParam": {"name": "id-images"},
        "saParam": {"name": "stscripts", "blobServices": {"containers": [{"name": "aibscripts"}]}},
        "acgParam": {"name": "gal", "images": [{"name": name, "sku": name, **definition} for name in IMAGES]},
    }
    write_parameters(parameters / "sbx.imageInfra.parameters.json", infrastructure)
    for name in IMAGES:
        gallery = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Compute"
        template = {
            "name": f"it-{name}",
            "userMsiName": "id-images",
            "imageSource": {
                "type": "PlatformImage",
                "publisher": "Canonical",
                "offer": "ubuntu-24_04-lts",
                "sku": "server",
                "version": "latest",
            },
            "customizationSteps": [
                {
                    "type": "Shell",
                    "name": f"step {position}",
                    "scriptUri": f"https://stscripts.blob.core.windows.net/aibscripts/{file}",
                }
                for position, file in enumerate(files_of(name))
            ],
            "sigImageDefinitionId": f"{gallery}/galleries/gal/images/{name}",
        }
        file = parameters / f"sbx.imageTemplate.{name}.parameters.json"
        write_parameters(file, {"rgParam": {"name": "rg"}, "itParam": template})
    return parameters, customization


def write_parameters(file: Path, parameters: dict[str, Any]) -> None:
    """Write an ARM deployment-parameter file."""
    document = {"contentVersion": "1.0.0.0", "parameters": {name: {"value": one} for name, one in parameters.items()}}
    file.write_text(json.dumps(document))


@pytest.fixture
def own(tmp_path):
    """A stack of the test's own, with three images and a short quiet window, deployed."""
    parameters, customization = write_configuration(tmp_path / "files")
    settings = {"UPLOAD_QUIET_SECONDS": str(QUIET_SECONDS), "CUSTOMIZATION_FOLDER": str(customization)}
    options = StackOptions(build_seconds=1, parameters=parameters, settings=settings)
    with (
        local_stack(tmp_path / "stack", options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as bakery,
    ):
        assert bakery.ended(bakery.start(image="agents", scope="only-infrastructure"))["state"] == "Succeeded"
        yield bakery, Uploads(bakery.stack), tmp_path / "stack"


def runs(bakery: Bakery, image: str) -> list[dict[str, Any]]:
    """Return the image's runs that set out to build, oldest first."""
    listed = bakery.api.get("/api/runs", params={"limit": 200}).json()["runs"]
    return [run for run in reversed(listed) if run["image"] == image and run["scope"] != "only-infrastructure"]


def upkeep(bakery: Bakery, image: str) -> dict[str, Any]:
    """Return what keeps the image current: its instance in the durable engine, with its custom status."""
    functions = bakery.stack["functions"]
    url = f"{functions['url']}/runtime/webhooks/durabletask/instances/upkeep-{image}"
    return httpx.get(url, params={"code": functions["systemKey"]}).json()


def is_busy(bakery: Bakery) -> bool:
    """Say whether a run is on, or a look was asked for and is still to come."""
    return any(
        any(run["endedAt"] is None for run in runs(bakery, image))
        or (upkeep(bakery, image).get("customStatus") or {}).get("lookAt")
        for image in IMAGES
    )


def settled(bakery: Bakery) -> dict[str, int]:
    """Return how many runs each image has had once nothing has been going on for longer than a quiet window."""
    since = time.monotonic()

    def quiet_for() -> float:
        nonlocal since
        if is_busy(bakery):
            since = time.monotonic()
        return time.monotonic() - since

    eventually(quiet_for, lambda seconds: seconds > QUIET_SECONDS + 1.5, 120)
    return {image: len(runs(bakery, image)) for image in IMAGES}


def deliver(uploads: Uploads, events: list[tuple[str, str]], chance: random.Random) -> None:
    """Deliver events in any order, many at once; every one of them is accepted."""
    chance.shuffle(events)
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(lambda event: uploads.tell(*event), events))


def built(bakery: Bakery, image: str) -> dict[str, str]:
    """Return the scripts that the image's last run built with, by their SHA-256."""
    run = bakery.run(runs(bakery, image)[-1]["id"])
    assert run["state"] == "Succeeded", run
    return {script["path"]: script["sha256"] for script in run["stages"][0]["result"]["scripts"]}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.timeout(300)
def test_a_thousand_shuffled_and_repeated_events_give_a_build_for_each_change_and_none_besides(own):
    bakery, uploads, _ = own
    bakery.simulation.post("/pace", json={"operationScale": 0.1})
    seed = 20260311
    chance = random.Random(seed)  # noqa: S311 - the order of events, not a secret
    contents: dict[str, bytes] = {}
    told = 0

    def change(files: list[str], text: str, times: int) -> None:
        nonlocal told
        for file in files:
            contents[file] = f"echo {text} {file}\n".encode()
            uploads.put(file, contents[file])
        deliver(uploads, [(file, "BlobCreated") for file in files for _ in range(times)], chance)
        told += len(files) * times

    everything = [f"linux/step_{index:02}.sh" for index in range(FILES)]
    own_files = everything[:10]
    shared = everything[30:]

    change(everything, "first", 5)
    expected = dict.fromkeys(IMAGES, 1)
    assert settled(bakery) == expected

    change(own_files, "second", 5)
    eventually(lambda: runs(bakery, "agents")[-1], lambda run: run["endedAt"] is None)
    change(shared, "third", 5)
    expected = {"agents": 3, "agents2": 2, "desktops": 2}
    assert settled(bakery) == expected

    # The same content again, and one that is put back before the window is over.
    for file in everything:
        uploads.put(file, contents[file])
    uploads.put(everything[0], b"echo a mistake\n")
    uploads.put(everything[0], contents[everything[0]])
    deliver(uploads, [(file, "BlobCreated") for file in everything for _ in range(5)], chance)
    told += 200
    assert settled(bakery) == expected

    for file in everything[20:30]:
        uploads.remove(file)
        contents[file] = f"echo packaged {int(file[11:13])}\n".encode()
    deliver(uploads, [(file, "BlobDeleted") for file in everything[20:30] for _ in range(5)], chance)
    told += 50
    expected["desktops"] += 1
    assert settled(bakery) == expected

    # Late events of what was built long ago.
    late = [(file, "BlobCreated") for file in everything] * 11 + [(file, "BlobDeleted") for file in everything[:10]]
    deliver(uploads, late, chance)
    told += len(late)
    assert settled(bakery) == expected
    assert told >= 1000

    for image in IMAGES:
        assert built(bakery, image) == {file: sha256(contents[file]) for file in files_of(image)}, seed


@pytest.mark.timeout(180)
def test_fifty_starts_at_once_by_request_timer_and_upload_on_two_hosts_are_one_build(own):
    bakery, uploads, folder = own
    command = [sys.executable, "-m", "local", "host", "--join", str(folder / "stack.json")]
    with subprocess.Popen(command, cwd=APP_FOLDER, stdout=subprocess.PIPE) as host:
        try:
            other = json.loads(host.stdout.readline())["url"]
            file = files_of("agents")[0]
            uploads.put(file, b"echo new\n")
            # The clock of the durable engine comes to the next patch day.
            images = bakery.api.get("/api/images").json()["images"]
            due_at = next(image["patch"]["nextAt"] for image in images if image["name"] == "agents")
            seconds = (datetime.fromisoformat(due_at) - datetime.now(UTC)).total_seconds() + 60
            advance_clock(bakery.stack["durable"]["address"], timedelta(seconds=seconds))

            def ask(number: int) -> httpx.Response | None:
                url = other if number % 2 else bakery.stack["functions"]["url"]
                keys = bakery.stack["functions"]
                if number % 5 == 1:
                    uploads.tell(file)
                    return None
                if number % 5 == 2:
                    address, key = f"{url}/admin/functions/look_at_images", keys["masterKey"]
                    httpx.post(address, headers={"x-functions-key": key}, json={}, timeout=60).raise_for_status()
                    return None
                body = {"image": "agents", "scope": "only-assets-and-image"}
                return httpx.post(
                    f"{url}/api/runs", headers={"x-functions-key": keys["functionKey"]}, json=body, timeout=60
                )

            with ThreadPoolExecutor(50) as callers:
                answers = [answer for answer in callers.map(ask, range(50)) if answer is not None]
            assert settled(bakery)["agents"] in {1, 2}
        finally:
            host.terminate()
    on = {answer.json()["id"] for answer in answers}
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert sum(answer.status_code == 202 for answer in answers) <= 1
    assert len(on) == 1
    assert all(answer.json()["statusUrl"].endswith(f"/api/runs/{answer.json()['id']}") for answer in answers)
    assert len(bakery.requests("PUT", "/imageTemplates/it-agents-")) == 1
    done = {run["id"]: run for run in runs(bakery, "agents")}
    assert [run["state"] for run in done.values() if run["id"] in on] == ["Succeeded"]
    assert all(run["state"] == "Skipped" for run in done.values() if run["id"] not in on)
