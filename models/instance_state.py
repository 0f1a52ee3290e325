"""An orchestration as the durable engine tells of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from models.message import Message


class Standing(StrEnum):
    """Where an instance stands; `Absent` is one that the engine does not know, or not any more."""

    ABSENT = "Absent"
    ON = "On"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"

    @property
    def is_over(self) -> bool:
        """Say whether nothing more comes of it."""
        return self is not Standing.ON


class InstanceState(Message):
    """An instance: what it was started with (`given`), its custom status (`shown`), and what it ended with (`answer`).

    The answer of one that was terminated is the reason that was given, of one that failed the error.
    """

    id: str
    standing: Standing = Standing.ABSENT
    given: Any = None
    shown: Any = None
    answer: Any = None
    updated_at: datetime | None = None


class InstancesAsked(Message):
    """Asks how instances stand, by their ids."""

    ids: tuple[str, ...]


class InstancesFound(Message):
    """How instances stand, in the order in which they were asked for."""

    states: tuple[InstanceState, ...]
