"""The simulation's only source of time, and what is due later on it."""

import heapq
import inspect
import itertools
import logging
import time
from asyncio import Lock
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

type Action = Callable[[], Awaitable[None] | None]

_logger = logging.getLogger(__name__)


class Clock:
    """Real time, shifted by what a test advanced; frozen, it moves only when advanced."""

    def __init__(self, *, frozen: bool = False) -> None:
        self._shift = timedelta()
        self._stopped_at: datetime | None = self._wall() if frozen else None

    def now(self) -> datetime:
        """The simulation's time, in UTC."""
        return (self._stopped_at or self._wall()) + self._shift

    def advance(self, by: timedelta) -> None:
        """Jump forward; what became due happens before the next request is answered."""
        self._shift += by

    def freeze(self) -> None:
        """Stand still until advanced or thawed."""
        self._stopped_at = self._stopped_at or self._wall()

    def thaw(self) -> None:
        """Run again, from where it stood."""
        if self._stopped_at is not None:
            self._shift -= self._wall() - self._stopped_at
            self._stopped_at = None

    @staticmethod
    def _wall() -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class Agenda:
    """Actions in the order in which they are due; each happens once, one at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[datetime, int, Action]] = []
        self._numbers = itertools.count()
        self.one_at_a_time = Lock()
        """Held while something happens."""

    def after(self, delay: timedelta, action: Action) -> None:
        """Let `action` happen when the clock has gone `delay` further."""
        heapq.heappush(self._entries, (self._clock.now() + delay, next(self._numbers), action))

    async def run_due(self) -> None:
        """Let everything happen that is due by now, and what becomes due by it."""
        if not self._entries or self._entries[0][0] > self._clock.now():
            return
        async with self.one_at_a_time:
            while self._entries and self._entries[0][0] <= self._clock.now():
                _, _, action = heapq.heappop(self._entries)
                try:
                    done = action()
                    if inspect.isawaitable(done):
                        await done
                except Exception:
                    # One broken resource must not stop all others; the traceback goes to standard error.
                    _logger.exception("An action of the simulation failed")

    def clear(self) -> None:
        """Forget everything that is still to come."""
        self._entries.clear()


def timestamp(moment: datetime) -> str:
    """ISO 8601 with seven fractional digits, as most providers write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def nanosecond_timestamp(moment: datetime) -> str:
    """ISO 8601 with nine fractional digits, as Image Builder writes the times of a run."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "417Z"
