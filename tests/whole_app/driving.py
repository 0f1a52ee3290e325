"""Drives a running stack from outside, over HTTP."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from azure.storage.blob import ContainerClient

from local.stack import APP_FOLDER


class Bakery:
    """The app of a stack, with its function key; `simulation` is the simulated Azure's control plane."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self.stack = stack
        functions = stack["functions"]
        self.api = httpx.Client(
            base_url=functions["url"], headers={"x-functions-key": functions["functionKey"]}, timeout=30
        )
        self.simulation = httpx.Client(base_url=f"{stack['arm']['url']}/_simulation", verify=False, timeout=30)  # noqa: S501 - its certificate is the stack's own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()
        self.simulation.close()

    @contextmanager
    def served_by(self, transport: httpx.BaseTransport) -> Iterator[None]:
        """Let requests to the app take another way, for a while."""
        usual = self.api
        with httpx.Client(base_url=usual.base_url, headers=usual.headers, timeout=30, transport=transport) as self.api:
            yield
        self.api = usual

    def start(self, **options: object) -> str:
        """Start a run and return its id."""
        answer = self.api.post("/api/runs", json=options)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a run as it stands now."""
        answer = self.api.get(f"/api/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ended(self, run_id: str, within_seconds: float = 90) -> dict[str, Any]:
        """Return a run once it is over."""
        return eventually(lambda: self.run(run_id), lambda run: run["endedAt"] is not None, within_seconds)

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Return what the app asked of Azure."""
        return self.simulation.get("/requests", params={"method": method, "path": path}).json()["requests"]

    def azure(self, path: str, api_version: str, method: str = "GET") -> dict[str, Any]:
        """Read a resource or a list of Azure Resource Manager, or ask it for something, as an operator would."""
        token = self.simulation.get("/operator").json()["token"]
        answer = self.simulation.request(
            method,
            f"{self.stack['arm']['url']}{path}",
            params={"api-version": api_version},
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.raise_for_status().json()

    def container(self, name: str) -> ContainerClient:
        """Return a container of the app's own storage account."""
        return ContainerClient.from_connection_string(
            self.stack["blob"]["connectionString"], name, connection_verify=self.stack["caFile"]
        )

    def switch_on(self, **fault: object) -> None:
        """Let something go wrong in the simulated Azure."""
        self.simulation.post("/faults", json=fault).raise_for_status()

    def reset(self) -> None:
        """Empty the simulated Azure and end its faults."""
        self.simulation.post("/reset").raise_for_status()


def changes_among(requests: list[dict[str, Any]]) -> list[str]:
    """Return the requests that change something; the question whether a name is free is a POST that does not."""
    return [
        f"{entry['method']} {entry['url']}"
        for entry in requests
        if entry["method"] != "GET" and "/checkNameAvailability?" not in entry["url"]
    ]


def eventually[T](read: Callable[[], T], is_so: Callable[[T], bool], within_seconds: float = 30) -> T:
    """Return what is read once it is as wanted; fails with the last reading at the deadline."""
    deadline = time.monotonic() + within_seconds
    while True:
        found = read()
        if is_so(found):
            return found
        assert time.monotonic() < deadline, f"Not so within {within_seconds} s: {found}"
        time.sleep(0.1)


SAMPLE_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
# Each environment in a subscription of its own.
SUBSCRIPTIONS = {
    name: SAMPLE_SUBSCRIPTION[:-1] + str(number) for number, name in enumerate(("sbx", "dev", "prd"), start=1)
}


def write_three_environments(folder: Path, approvals: dict[str, dict[str, Any]]) -> None:
    """Make parameter files for three environments of the sample's, some of them behind approvals."""
    environments: list[dict[str, Any]] = []
    for name, subscription in SUBSCRIPTIONS.items():
        for file in (APP_FOLDER / "parameters").glob("sbx.*.json"):
            text = file.read_text().replace(SAMPLE_SUBSCRIPTION, subscription).replace("sbx", name)
            (folder / file.name.replace("sbx", name)).write_text(text)
        approval = {"approval": approvals[name]} if name in approvals else {}
        environments.append({"name": name, "subscriptionId": subscription, "location": "westeurope", **approval})
    pipeline = {"environments": environments, "images": [{"name": "linux", "osType": "Linux"}]}
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
