"""Who works on what: items that were handed to a worker and not answered yet."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

import durabletask.internal.orchestrator_service_pb2 as pb

UNLIMITED = 2**31


class Kind(Enum):
    """What a work item is for."""

    ORCHESTRATION = auto()
    ACTIVITY = auto()
    ENTITY = auto()


@dataclass(frozen=True)
class Item:
    """A work item: of an orchestration or entity by its instance id, of an activity by its completion token."""

    kind: Kind
    key: str


@dataclass(eq=False)
class Worker:
    """A stream of work items to a functions host, for as long as it is open."""

    id: str
    limits: dict[Kind, int]
    filters: dict[Kind, dict[str, frozenset[str]] | None]
    busy_with: Counter[Kind] = field(default_factory=Counter[Kind])
    # A draining worker finishes what it has and gets nothing more; a gone one will not answer any more.
    draining: bool = False
    gone: bool = False

    def takes(self, kind: Kind) -> bool:
        """Say whether another item of a kind may be handed to it."""
        return not (self.draining or self.gone) and self.busy_with[kind] < self.limits[kind]


def limits_of(request: pb.GetWorkItemsRequest) -> dict[Kind, int]:
    """Return how many items of each kind a worker wants at the same time; 0 is no limit."""
    return {
        Kind.ORCHESTRATION: request.maxConcurrentOrchestrationWorkItems or UNLIMITED,
        Kind.ACTIVITY: request.maxConcurrentActivityWorkItems or UNLIMITED,
        Kind.ENTITY: request.maxConcurrentEntityWorkItems or UNLIMITED,
    }


class HandedOut:
    """The items that workers have, and by whom each is held."""

    def __init__(self) -> None:
        self._workers: dict[Item, Worker] = {}

    def give(self, item: Item, worker: Worker) -> None:
        """Note that a worker has an item."""
        self._workers[item] = worker
        worker.busy_with[item.kind] += 1

    def take_back(self, item: Item) -> None:
        """Note that an item was answered, or is nobody's any more."""
        worker = self._workers.pop(item, None)
        if worker is not None:
            worker.busy_with[item.kind] -= 1

    def held_by(self, worker: Worker) -> list[Item]:
        """Return what a worker has."""
        return [item for item, holder in self._workers.items() if holder is worker]
