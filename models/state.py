"""Where a run, a stage or a step stands."""

from enum import StrEnum


class State(StrEnum):
    """Where a run, a stage or a step stands. Only `Succeeded` is a success.

    `Triggered` is a stage that did not wait for its build: it is over, the build goes on and is still watched.
    `Skipped` is a patch run that was due and did nothing: nothing had changed, or the schedule pauses.
    """

    RUNNING = "Running"
    TRIGGERED = "Triggered"
    SUCCEEDED = "Succeeded"
    PARTIALLY_SUCCEEDED = "PartiallySucceeded"
    FAILED = "Failed"
    CANCELED = "Canceled"
    REJECTED = "Rejected"
    TIMED_OUT = "TimedOut"
    SKIPPED = "Skipped"
