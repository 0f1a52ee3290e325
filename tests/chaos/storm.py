"""What befalls the functions hosts of a stack while runs go on: at random moments, chosen by a seed."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Self

import psutil

from local.stack_file import Stack
from tests.chaos.hosts import Hosts, Seat

LONGEST_PAUSE_SECONDS = 4.0
LONGEST_ABSENCE_SECONDS = 3.0
# Long enough for another host to do the same work, and for a build to be started, and over, by it.
LONGEST_FREEZE_SECONDS = 9.0
LONGEST_HANG_SECONDS = 3.0
# A host takes about two seconds until it serves.
LONGEST_START_SECONDS = 2.5
AT_ONCE_SECONDS = 0.3
SHARE_OF_DECISIVE_MOMENTS = 0.5


class Storm:
    """Strikes the hosts until it is over; `strikes` counts what it did, and `kills` the hosts that it killed."""

    def __init__(self, hosts: Hosts, stack: Stack, seed: int) -> None:
        self._hosts, self._chance = hosts, random.Random(seed)  # noqa: S311 - nothing secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._rage, name="storm")
        self._services = [pid for pid in (stack.arm.pid, stack.blob.pid) if pid is not None]
        self._table: dict[str, tuple[int, Callable[[], None]]] = {
            "one host is killed": (10, self._kill_one),
            "one host is killed, and the next while it starts": (5, self._kill_twice),
            "both hosts are killed": (4, self._kill_both),
            "a host is frozen and given up": (3, self._freeze),
            "a host is cut off": (3, self._cut_off),
            "Azure or the storage hangs": (1, self._hang),
        }
        self.strikes: Counter[str] = Counter()
        self.kills = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the last strike come to its end; both hosts serve then, or will."""
        self._over.set()
        self._thread.join()

    def _rage(self) -> None:
        names, weights = [*self._table], [weight for weight, _ in self._table.values()]
        while not self._over.is_set():
            self._pause()
            if self._hosts.serving() and not self._over.is_set():
                (name,) = self._chance.choices(names, weights)
                self._table[name][1]()
                self.strikes[name] += 1

    def _pause(self) -> None:
        """Wait for a while; sometimes then for somebody to ask a host to change something, and a moment more."""
        self._over.wait(self._seconds(LONGEST_PAUSE_SECONDS))
        if self._chance.random() < SHARE_OF_DECISIVE_MOMENTS:
            self._hosts.asked_to_change.clear()
            self._hosts.asked_to_change.wait(LONGEST_PAUSE_SECONDS)
            self._over.wait(self._seconds(AT_ONCE_SECONDS))

    def _kill_one(self) -> None:
        seat = self._one_serving()
        self._kill(seat)
        self._over.wait(self._seconds(LONGEST_ABSENCE_SECONDS))
        seat.start(self._clock())

    def _kill_twice(self) -> None:
        seat = self._one_serving()
        self._kill(seat)
        seat.start(self._clock())
        self._over.wait(self._seconds(LONGEST_START_SECONDS))
        self._kill(seat)
        seat.start(self._clock())

    def _kill_both(self) -> None:
        for seat in self._hosts.seats:
            self._kill(seat)
        for seat in self._hosts.seats:
            seat.start(self._clock())

    def _freeze(self) -> None:
        with self._one_serving().frozen():
            self._over.wait(self._seconds(LONGEST_FREEZE_SECONDS))

    def _cut_off(self) -> None:
        self._one_serving().line.cut()

    def _hang(self) -> None:
        process = psutil.Process(self._chance.choice(self._services))
        process.suspend()
        try:
            self._over.wait(self._seconds(LONGEST_HANG_SECONDS))
        finally:
            process.resume()

    def _kill(self, seat: Seat) -> None:
        seat.kill()
        self.kills += 1

    def _one_serving(self) -> Seat:
        return self._chance.choice(self._hosts.serving() or self._hosts.seats)

    def _seconds(self, most: float) -> float:
        return self._chance.uniform(0, most)

    def _clock(self) -> int:
        return self._chance.choice((-3600, 0, 3600))
