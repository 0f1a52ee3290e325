"""Somebody who decides on every environment that a run waits for, some time after it began to wait."""

import random
import threading
from collections.abc import Generator
from contextlib import contextmanager

import httpx

from tests.chaos.pipeline_runs import INSTANCES
from tests.whole_app.driving import Bakery

SHARE_OF_REJECTIONS = 0.15
SECONDS_BETWEEN_LOOKS = 1.0


@contextmanager
def approving(bakery: Bakery, seed: int, share_of_rejections: float = SHARE_OF_REJECTIONS) -> Generator[set[str]]:
    """Decide until the end; gives the ids of the runs that a rejection was sent to. A decision that got no answer is
    sent again, as it was.
    """
    over, rejected = threading.Event(), set[str]()

    def decide_all() -> None:
        while not over.wait(SECONDS_BETWEEN_LOOKS):
            try:
                for run_id, environment in _waiting(bakery):
                    chance = random.Random(f"{seed} {run_id} {environment}")  # noqa: S311 - nothing secret
                    decision = "rejected" if chance.random() < share_of_rejections else "approved"
                    if decision == "rejected":
                        rejected.add(run_id)
                    bakery.api.post(f"/api/runs/{run_id}/approvals/{environment}", json={"decision": decision})
            except httpx.TransportError:
                continue

    thread = threading.Thread(target=decide_all, name="approving")
    thread.start()
    try:
        yield rejected
    finally:
        over.set()
        thread.join()


def _waiting(bakery: Bakery) -> list[tuple[str, str]]:
    """Return the runs that wait for a decision now, each with its environment."""
    answer = bakery.api.get(
        INSTANCES,
        params={"runtimeStatus": "Running"},
        headers={"x-functions-key": bakery.stack["functions"]["systemKey"]},
    )
    found = answer.json() if answer.status_code == httpx.codes.OK else []
    runs = [one for one in found if one["name"] == "run_pipeline" and one["customStatus"]]
    return [
        (run["input"]["id"], approval["environment"])
        for run in runs
        for approval in run["customStatus"]["approvals"]
        if approval["state"] == "Waiting"
    ]
