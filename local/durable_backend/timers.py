"""A clock that can jump, and one thread that calls what is due by it."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Timers:
    """Calls functions at their time. The time is the machine's, plus all the jumps that were made.

    What is due is called in order, on one thread, with `lock` held.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._changed = threading.Condition(lock)
        self._offset = timedelta()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        # Functions cannot be compared: of those due at the same time, the first one that was set is called first.
        self._order = itertools.count()
        self._stopped = False
        threading.Thread(target=self._run, name="timers", daemon=True).start()

    def now(self) -> datetime:
        """Return the time of this clock."""
        return datetime.now(UTC) + self._offset

    def advance(self, jump: timedelta) -> None:
        """Let the clock jump; what becomes due by it is called at once."""
        with self._changed:
            self._offset += jump
            self._changed.notify_all()

    def call_at(self, time: datetime, function: Callable[[], None]) -> None:
        """Call a function at a time, or at once where that is past."""
        with self._changed:
            heapq.heappush(self._due, (time, next(self._order), function))
            self._changed.notify_all()

    def stop(self) -> None:
        """End the thread; nothing is called any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                if not self._due:
                    self._changed.wait()
                elif (wait := (self._due[0][0] - self.now()).total_seconds()) > 0:
                    self._changed.wait(min(wait, threading.TIMEOUT_MAX))
                else:
                    heapq.heappop(self._due)[2]()
