"""Drives a running stack from outside, over HTTP."""

import time
from collections.abc import Callable
from typing import Any, Self

import httpx


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

    def switch_on(self, **fault: object) -> None:
        """Let something go wrong in the simulated Azure."""
        self.simulation.post("/faults", json=fault).raise_for_status()

    def reset(self) -> None:
        """Empty the simulated Azure and end its faults."""
        self.simulation.post("/reset").raise_for_status()


def eventually[T](read: Callable[[], T], is_so: Callable[[T], bool], within_seconds: float = 30) -> T:
    """Return what is read once it is as wanted; fails with the last reading at the deadline."""
    deadline = time.monotonic() + within_seconds
    while True:
        found = read()
        if is_so(found):
            return found
        assert time.monotonic() < deadline, f"Not so within {within_seconds} s: {found}"
        time.sleep(0.1)
