"""Decisions of people: approvals of an environment, and the cancellation of a run."""

from datetime import datetime
from enum import StrEnum

from models.message import Message


class Decision(StrEnum):
    """What an approver decides."""

    APPROVED = "approved"
    REJECTED = "rejected"


class ApprovalState(StrEnum):
    """Where the approval of an environment stands."""

    WAITING = "Waiting"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    TIMED_OUT = "TimedOut"
    CANCELED = "Canceled"


class Person(Message):
    """Who asks: `verified` where the platform has signed the caller in, else what the caller says of himself.

    `id` is what the directory knows a verified one by, whatever the name that came along.
    """

    name: str
    verified: bool
    id: str | None = None

    def is_same(self, other: "Person") -> bool:
        """Say whether this is the other one, by either of what they are known by."""
        is_known = self.id is not None and self.id == other.id
        return is_known or self.name.lower() == other.name.lower()


class ApprovalDecision(Message):
    """A decision on an environment of a run; `id` tells it from another that comes at the same moment."""

    id: str
    run_id: str | None = None
    decision: Decision
    reason: str | None
    who: Person
    decided_at: datetime


class ApprovalRecord(Message):
    """The approval of one environment in a run: since when it is waited for, until when, and what came of it."""

    environment: str
    state: ApprovalState = ApprovalState.WAITING
    requested_at: datetime
    deadline: datetime
    decision: ApprovalDecision | None = None


class CancelRequest(Message):
    """Someone's wish that a run ends now; `run_id` is None where its orchestration's own id names the run."""

    run_id: str | None = None
    who: Person
    reason: str | None
    requested_at: datetime
