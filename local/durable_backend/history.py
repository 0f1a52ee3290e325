"""Events of an orchestration that know when they happened."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import SupportsIndex, override

import durabletask.internal.orchestrator_service_pb2 as pb

# What reaches an instance whatever it has done before; all else answers something that one execution asked for.
FROM_OUTSIDE = ("eventRaised", "executionSuspended", "executionResumed", "executionTerminated")


class StampedEvents(list[pb.HistoryEvent]):
    """A list that gives each event without a time stamp the time at which it was added."""

    def __init__(self, events: Iterable[pb.HistoryEvent], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.extend(events)

    @override
    def append(self, event: pb.HistoryEvent) -> None:
        super().append(self._stamped(event))

    @override
    def extend(self, events: Iterable[pb.HistoryEvent]) -> None:
        super().extend(self._stamped(event) for event in events)

    @override
    def insert(self, index: SupportsIndex, event: pb.HistoryEvent) -> None:
        super().insert(index, self._stamped(event))

    def _stamped(self, event: pb.HistoryEvent) -> pb.HistoryEvent:
        if not event.timestamp.ToNanoseconds():
            event.timestamp.FromDatetime(self._now())
        return event


def is_from_outside(event: pb.HistoryEvent) -> bool:
    """Say whether an event concerns the instance rather than something that one of its executions has started."""
    return event.WhichOneof("eventType") in FROM_OUTSIDE
