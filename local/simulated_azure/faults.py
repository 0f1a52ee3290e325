"""Faults that can be switched on: what goes wrong, for which requests or resources, and how often."""

import random
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator
from pydantic.alias_generators import to_camel

from local.simulated_azure.troubles import SHARES, TROUBLES, Trouble

type Kind = Literal[
    "status",  # answer `status`, `code`, `message`, `retryAfter` instead of acting
    "drop-before",  # close the connection before acting
    "drop-after",  # act, then close the connection
    "trouble",  # one of `troubles` by its share in the table of troubles, of all where none is named
    "delay",  # wait `seconds` (real time) before acting
    "hidden-after-put",  # for `seconds` after its PUT a GET of the resource answers 404
    "slow-principal",  # a new identity's principal is unknown to the role service for `seconds`
    "slow-roles",  # a role assignment takes effect after `seconds`
    "slow-run-status",  # for `seconds` after a run was accepted its template shows no status of it
    "template",  # creation of an image template comes to `outcome`, with `code` and `message`
    "build",  # a run ends as `outcome`, in or after `subState`, with `message`; it stays in any word that is no end
    "event-lost",  # the event of a change never comes
    "event-late",  # it comes after `seconds`
    "event-repeated",  # it comes three times
    "event-overtaken",  # it comes after the next one, at the latest after `seconds` (1 if 0)
    "replication",  # a version's replication stays `outcome`: InProgress or Failed
]
# Of these one request meets at most one.
TROUBLING: set[Kind] = {"status", "drop-before", "drop-after", "trouble"}


class Fault(BaseModel):
    """One fault; it fits a request by method and path, or a resource by its id as the path."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    kind: Kind
    method: str = ".*"
    path: str = ".*"
    """Regular expression, searched in the path without regard to case."""
    times: int | None = Field(default=None, ge=1)
    """How often it strikes; None: always."""
    probability: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    status: int = 500
    code: str = "InternalServerError"
    message: str = "Internal error occurred"
    retry_after: float | None = None
    troubles: list[str] = Field(default_factory=list[str])
    seconds: float = 0.0
    outcome: str = "Failed"
    sub_state: str = "Customizing"
    struck: int = 0
    """How often it has struck so far."""
    struck_as: dict[str, int] = Field(default_factory=dict[str, int])
    """How often as which trouble, where it is one."""

    _chance: random.Random = PrivateAttr(default_factory=random.Random)

    def model_post_init(self, context: Any, /) -> None:
        """The same seed gives the same sequence of strikes."""
        super().model_post_init(context)
        self._chance.seed(self.seed)

    @field_validator("troubles")
    @classmethod
    def _are_known(cls, names: list[str]) -> list[str]:
        unknown = [name for name in names if name not in TROUBLES]
        if unknown:
            raise ValueError(f"No such trouble: {', '.join(unknown)}. There are: {', '.join(TROUBLES)}.")
        return names

    def trouble(self) -> Trouble:
        """What becomes of the request that it has struck."""
        if self.kind == "trouble":
            table = {TROUBLES[name]: SHARES[TROUBLES[name]] for name in self.troubles} or SHARES
            trouble = self._chance.choices([*table], [*table.values()])[0]
        elif self.kind == "status":
            trouble = Trouble(
                self.kind, status=self.status, code=self.code, message=self.message, retry_after=self.retry_after
            )
        else:
            trouble = Trouble(self.kind, acts=self.kind == "drop-after")
        self.struck_as[trouble.name] = self.struck_as.get(trouble.name, 0) + 1
        return trouble

    def strikes(self, method: str, path: str) -> bool:
        """Whether it happens now; counts it if so."""
        fits = re.fullmatch(self.method, method, re.IGNORECASE) and re.search(self.path, path, re.IGNORECASE)
        if not fits or self.struck == self.times or self._chance.random() >= self.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """All faults that are switched on, in the order in which they were."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, kind: Kind, **details: Any) -> Fault:
        """Switch one on; `details` are the fields of `Fault`."""
        return self.keep(Fault(kind=kind, **details))

    def keep(self, fault: Fault) -> Fault:
        """Switch on a fault that was described elsewhere."""
        self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        """Those that are on, also the used-up ones."""
        return [*self._faults]

    def take(self, kind: Kind, path: str, method: str = "") -> Fault | None:
        """The first fault of this kind that strikes, counted, or None."""
        return next((fault for fault in self._faults if fault.kind == kind and fault.strikes(method, path)), None)

    def trouble(self, path: str, method: str) -> Trouble | None:
        """What becomes of a request: the first trouble that strikes it, or None where it is served as usual."""
        fault = next((one for one in self._faults if one.kind in TROUBLING and one.strikes(method, path)), None)
        return fault.trouble() if fault else None

    def seconds(self, kind: Kind, path: str, method: str = "") -> float:
        """Seconds of the fault that strikes, 0 without one."""
        fault = self.take(kind, path, method)
        return fault.seconds if fault else 0.0

    def clear(self) -> None:
        """Switch all off."""
        self._faults.clear()
