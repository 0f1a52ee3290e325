"""Drives the sample app on a running stack, from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from azure.storage.blob import ContainerClient

from local.stack import APP_FOLDER, StackOptions

SAMPLE_APP = Path(__file__).parent / "sample_app"
OPTIONS = StackOptions(app_folder=SAMPLE_APP)
INSTANCES = "/runtime/webhooks/durabletask/instances"
SECONDS = 20


class SampleStack:
    """A stack with the sample app: calls with the function key, with another key, or with none."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.folder = folder
        self.http = httpx.Client(base_url=stack.functions.url, timeout=30)
        self.uploads = ContainerClient.from_connection_string(
            stack.blob.connection_string, "uploads", connection_verify=stack.ca_file
        )

    def close(self):
        self.http.close()
        self.uploads.close()

    def call(self, method, path, key=None, **options):
        headers = {"x-functions-key": key or self.stack.functions.function_key, **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def manage(self, method, path, **options):
        return self.call(method, f"{INSTANCES}{path}", self.stack.functions.system_key, **options)

    def start(self, orchestrator, instance_id, given=None):
        answer = self.call("POST", f"/api/start/{orchestrator}/{instance_id}", json=given)
        assert answer.status_code == 202, answer.text
        return answer

    def status(self, instance_id, **query):
        return self.manage("GET", f"/{instance_id}", params=query).json()

    def ended(self, instance_id):
        return eventually(
            lambda: self.status(instance_id), lambda status: status["runtimeStatus"] not in {"Running", "Pending"}
        )

    def journal(self, name):
        return self.call("GET", f"/api/journals/{name}").json()

    def log(self):
        return (self.folder / "logs" / "functions-host.log").read_text()

    def kill_host(self):
        host = psutil.Process(self.stack.functions.pid)
        os.kill(host.pid, signal.SIGKILL)
        eventually(host.status, lambda status: status == psutil.STATUS_ZOMBIE)

    @contextmanager
    def another_host(self):
        """Join one more host; gives its address."""
        command = [sys.executable, "-m", "local", "host", "--join", str(self.folder / "stack.json")]
        command += ["--app-folder", str(SAMPLE_APP)]
        with subprocess.Popen(
            command, cwd=APP_FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as host:
            try:
                yield json.loads(host.stdout.readline())["url"]
            finally:
                host.terminate()


def eventually(read, is_so):
    """Return what is read once it is as wanted; fails with the last reading at the deadline."""
    deadline = time.monotonic() + SECONDS
    while not is_so(found := read()):
        assert time.monotonic() < deadline, f"Not so within {SECONDS} s: {found}"
        time.sleep(0.05)
    return found
