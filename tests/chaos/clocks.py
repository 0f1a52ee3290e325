"""Lets the time of the durable engine and of the simulated Azure run faster than the machine's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from local.durable_backend.control import advance_clock
from tests.whole_app.driving import Bakery

TICK_SECONDS = 0.25


@contextmanager
def hurried(bakery: Bakery, jump: timedelta) -> Iterator[None]:
    """Let both clocks jump four times a second; a minute of pauses then takes seconds."""
    over = threading.Event()

    def hurry() -> None:
        while not over.wait(TICK_SECONDS):
            bakery.simulation.post("/clock", json={"advanceSeconds": jump.total_seconds()})
            advance_clock(bakery.stack["durable"]["address"], jump)

    thread = threading.Thread(target=hurry, name="clocks")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
