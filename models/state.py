"""Where a run, a stage or a step stands."""

from enum import StrEnum


class State(StrEnum):
    """Where a run, a stage or a step stands. Only `Succeeded` is a success."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    PARTIALLY_SUCCEEDED = "PartiallySucceeded"
    FAILED = "Failed"
    CANCELED = "Canceled"
    REJECTED = "Rejected"
    TIMED_OUT = "TimedOut"
