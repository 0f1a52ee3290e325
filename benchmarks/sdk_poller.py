"""The poller of the Azure SDK, unchanged, on a connection whose clock jumps."""

import io
import json
import time
from datetime import timedelta
from typing import Any, override

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.imagebuilder import ImageBuilderClient
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

ARM = "https://management.azure.com"
OPERATION = f"{ARM}/subscriptions/s/providers/Microsoft.VirtualMachineImages/locations/westeurope/operations/run"


class _Run(BaseAdapter):
    """Answers as Azure Image Builder was recorded to: 202 without Retry-After, then a status by the elapsed time."""

    def __init__(self, takes: timedelta) -> None:
        super().__init__()
        self.elapsed = timedelta(0)
        self.reads = 0
        self._takes = takes

    @override
    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        if request.method == "POST":
            return _answer(202, b"", {"Azure-AsyncOperation": OPERATION, "Location": OPERATION})
        self.reads += 1
        status = "Succeeded" if self.elapsed >= self._takes else "InProgress"
        body = json.dumps({"name": "RUN", "status": status}).encode()
        return _answer(200, body, {"Content-Type": "application/json"})

    @override
    def close(self) -> None:
        """Hold nothing that is to be closed."""


def _answer(status: int, body: bytes, headers: dict[str, str]) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer.headers.update(headers)
    answer.raw = HTTPResponse(io.BytesIO(body), headers, status, preload_content=False)
    return answer


class _JumpingTransport(RequestsTransport):
    """Lets the clock jump where the poller would wait."""

    def __init__(self, run: _Run) -> None:
        session = requests.Session()
        session.mount("https://", run)
        super().__init__(session=session, session_owner=False)
        self._run = run

    @override
    def sleep(self, duration: float) -> None:
        self._run.elapsed += timedelta(seconds=duration)


class _Credential:
    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


def poll_with_the_sdk(takes: timedelta) -> tuple[timedelta, int]:
    """Return after which time the SDK, as it is by default, sees the end of a run, and how often it reads for it."""
    run = _Run(takes)
    with ImageBuilderClient(_Credential(), "s", transport=_JumpingTransport(run)) as client:
        client.virtual_machine_image_templates.begin_run("rg", "it").wait()
    return run.elapsed, run.reads
