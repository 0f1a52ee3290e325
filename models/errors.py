"""The errors, as a tree. Facts are attributes, and every error says a sentence.

BakeryError
├── AzureError             a call to Azure did not do what was asked
│   ├── AzureRefused       no retry can cure it: validation, policy, quota, plan, conflict
│   │   └── AzureAbsent    what was asked for is not there
│   └── AzureUnavailable   another try may cure it: throttling, 5xx, broken connection, a role that still propagates
├── StepFailed             a step of a run ended in an expected failure; ends the stage
│   └── StepUnanswered     every try failed in a way that passes by itself, or by a defect: the outcome is unknown
└── RequestRefused         what a caller sent cannot be done; nothing was started
"""

import re
from datetime import timedelta
from typing import Self, override

from models.failure import Failure
from models.faults import Fault
from models.state import State

SENTENCE = re.compile(r"Azure answered (.+?) to '")


class BakeryError(Exception):
    """The root of the tree."""


class AzureError(BakeryError):
    """A call to Azure failed. `operation` is what we tried, as a phrase; `code` and `message` are Azure's own."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"Azure answered {code} to '{operation}': {message}")  # `azure_code` reads it again
        self.operation = operation
        self.code = code
        self.message = message

    @override
    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.operation, self.code, self.message)


def azure_code(sentence: str) -> str | None:
    """Return Azure's code from the sentence of an AzureError, all that is left of one that crossed an orchestration."""
    found = SENTENCE.match(sentence)
    return found and found[1]


class AzureRefused(AzureError):
    """Azure will answer the same to the same call; an operator has to change something."""


class AzureAbsent(AzureRefused):
    """The resource does not exist; whoever asks for something that may be absent turns this into a state."""


class AzureUnavailable(AzureError):
    """The outcome is unknown or another try may succeed; whoever repeats a write reads the state first."""


class StepFailed(BakeryError):
    """A step ended in an expected failure, which the stage records; `state` is how the stage ends."""

    def __init__(self, failure: Failure, state: State = State.FAILED) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure
        self.state = state

    def tried_for(self, duration: timedelta) -> Self:
        """Return it as that of the last try, of many that are given up after so long."""
        in_all = timedelta(seconds=round(duration.total_seconds()))
        message = f"{self.failure.message} (Tried for {in_all} in all.)"
        return type(self)(self.failure.model_copy(update={"message": message}), self.state)


class StepUnanswered(StepFailed):
    """All tries were used up without an answer; what was asked about may go on, and may have succeeded."""


class RequestRefused(BakeryError):
    """A request that names what is wrong with it.

    `status` is the HTTP status code it deserves; `faults` has an entry for each thing to mend; `extra` are members
    to add to the problem document (RFC 9457).
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        faults: tuple[Fault, ...] = (),
        extra: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.faults = faults
        self.extra = extra or {}
