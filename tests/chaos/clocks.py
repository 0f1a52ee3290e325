"""Lets the time of the durable engine and of the simulated Azure run faster than the machine's."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from local.durable_backend.control import advance_clock
from tests.whole_app.driving import Bakery

TICK_SECONDS = 0.25
# What takes long on a busy machine must not take hours by its clocks: they slow down with it, and with Azurite, which
# stands still every ten minutes, a minute long where it has thousands of old blobs to clear.
PAUSES_PER_JUMP = 5
LONGEST_PAUSE_SECONDS = 5.0
LONGEST_JUMP_SECONDS = 300
# Of the Functions host itself: Azurite refuses whoever shows no token, and that takes as long as any answer.
ANY_CONTAINER = "azure-webjobs-hosts"


@contextmanager
def hurried(bakery: Bakery, jump: timedelta) -> Iterator[None]:
    """Let both clocks jump up to four times a second; a minute of pauses then takes seconds."""
    over = threading.Event()

    def hurry() -> None:
        took = 0.0
        while not over.wait(min(max(TICK_SECONDS, PAUSES_PER_JUMP * took), LONGEST_PAUSE_SECONDS)):
            began = time.monotonic()
            bakery.simulation.post(
                "/clock", json={"advanceSeconds": jump.total_seconds()}, timeout=LONGEST_JUMP_SECONDS
            )
            advance_clock(bakery.stack["durable"]["address"], jump)
            bakery.simulation.get(f"{bakery.stack['blob']['url']}/{ANY_CONTAINER}", timeout=LONGEST_JUMP_SECONDS)
            took = time.monotonic() - began

    thread = threading.Thread(target=hurry, name="clocks")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
