"""Drives the sample app of a running stack, from outside."""

import json
import shutil
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from azure.storage.blob import ContainerClient

from local.stack import APP_FOLDER, StackOptions

SAMPLE_APP = Path(__file__).parent / "sample_app"
INSTANCES = "/runtime/webhooks/durabletask/instances"


def options(folder, **others):
    """Options of a stack with the sample app, whose notes are kept in `folder`."""
    parameters = folder / "parameters"
    parameters.mkdir(parents=True)
    shutil.copy(APP_FOLDER / "parameters" / "pipeline.json", parameters)
    return StackOptions(**{"app_folder": SAMPLE_APP, "parameters": parameters} | others)


class Sample:
    """The sample app of a stack in a folder."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.folder = folder
        self.http = httpx.Client(base_url=stack.functions.url, timeout=30)
        trust = ssl.create_default_context(cafile=stack.ca_file)
        self.arm = httpx.Client(base_url=stack.arm.url, timeout=30, verify=trust)

    def close(self):
        self.http.close()
        self.arm.close()

    def call(self, method, path, key="function", **more):
        keys = {
            "none": {},
            "wrong": {"x-functions-key": "wrong"},
            "function": {"x-functions-key": self.stack.functions.function_key},
            "system": {"x-functions-key": self.stack.functions.system_key},
            "master": {"x-functions-key": self.stack.functions.master_key},
        }
        headers = keys[key] | more.pop("headers", {})
        return self.http.request(method, path, headers=headers, **more)

    def start(self, orchestration, given=None, instance_id=None):
        """Start an orchestration; returns its management links."""
        query = {"id": instance_id} if instance_id else {}
        answer = self.call("POST", f"/api/start/{orchestration}", json=given, params=query)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def ended(self, links):
        """Return the status of an orchestration once it is over."""
        return eventually(lambda: httpx.get(links["statusQueryGetUri"]), lambda it: it.status_code == 200).json()

    def notes(self, function, **facts):
        """Return what a function noted, of those notes that tell these facts."""
        file = self.folder / "notes"
        notes = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [one for one in notes if one["function"] == function and facts.items() <= one.items()]

    def noted(self, function, count=1, **facts):
        """Return what a function noted once there are so many notes."""
        return eventually(lambda: self.notes(function, **facts), lambda notes: len(notes) >= count)

    def release(self, name):
        (self.folder / f"release-{name}").touch()

    def log(self):
        return (self.folder / "logs" / "functions-host.log").read_text()

    def container(self, name="uploads"):
        """Return a container of the app's own storage account."""
        blob = self.stack.blob
        return ContainerClient.from_connection_string(
            blob.connection_string, name, connection_verify=self.stack.ca_file
        )

    def refused_action(self):
        """Ask the simulated Azure for an action that it refuses; returns the subject of its event."""
        identity = self.stack.identity
        query = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
        answer = httpx.get(identity.endpoint, params=query, headers={"X-IDENTITY-HEADER": identity.header})
        group = f"/subscriptions/{next(iter(self.stack.subscriptions.values()))}/resourceGroups/rg-of-events"
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        self.arm.put(group, params={"api-version": "2024-03-01"}, json={"location": "westeurope"}, headers=headers)
        template = f"{group}/providers/Microsoft.VirtualMachineImages/imageTemplates/{uuid.uuid4()}"
        refusal = self.arm.post(f"{template}/run", params={"api-version": "2024-02-01"}, headers=headers)
        assert refusal.status_code == 404, refusal.text
        return template

    def kill_host(self):
        """End the host as a crash does."""
        host = psutil.Process(self.stack.functions.pid)
        host.kill()
        gone(host)


@contextmanager
def joined_host(folder, *options) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Join a host to the stack in a folder; gives its address and its process."""
    command = [sys.executable, "-m", "local", "host", "--join", str(folder / "stack.json"), *options]
    with (
        (folder / "joined.log").open("w") as log,
        subprocess.Popen(command, cwd=APP_FOLDER, stdout=subprocess.PIPE, stderr=log, text=True) as host,
    ):
        try:
            line = host.stdout.readline()
            assert line, (folder / "joined.log").read_text()
            yield json.loads(line)["url"], host
        finally:
            host.kill()


def gone(process):
    """Wait until a process has ended; its parent need not have looked."""

    def status():
        try:
            return process.status()
        except psutil.NoSuchProcess:
            return psutil.STATUS_DEAD

    eventually(status, lambda it: it in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})


def eventually(read, is_so, within_seconds=20):
    """Return what is read once it is as wanted; fails with the last reading at the deadline."""
    deadline = time.monotonic() + within_seconds
    while not is_so(found := read()):
        assert time.monotonic() < deadline, f"Not so within {within_seconds} s: {found}"
        time.sleep(0.02)
    return found
