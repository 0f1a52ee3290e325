"""Reads and checks what people send about a run that is on: decisions on an environment, and cancellations."""

from typing import Literal

from configuration.checking.findings import Findings
from configuration.checking.shape import RequestShape, Shape
from configuration.checking.texts import PersonName, Reason
from configuration.run_options import REQUEST
from models.faults import Fault


class DecisionShape(RequestShape):
    """A decision; `who` counts only where nobody has signed in."""

    decision: Literal["approved", "rejected"]
    reason: Reason | None = None
    who: PersonName | None = None


class CancellationShape(RequestShape):
    """The wish that a run ends; `who` counts only where nobody has signed in."""

    reason: Reason | None = None
    who: PersonName | None = None


def read_request[Contents: Shape](content: bytes, shape: type[Contents]) -> tuple[Contents | None, list[Fault]]:
    """Return what a request says, or its faults. An empty body says nothing."""
    findings = Findings()
    source = findings.parse(REQUEST, content.strip() or b"{}")
    contents = findings.validate(source, shape) if source else None
    return (None if findings.faults else contents), findings.faults
