"""Reads and checks what people send about a run that is on: decisions on an environment, and cancellations."""

from typing import Annotated, Literal

from pydantic import Field

from configuration.findings import Findings
from configuration.run_options import REQUEST
from configuration.shape import Shape
from models.faults import Fault

type Sentence = Annotated[str, Field(max_length=1000)]
type Name = Annotated[str, Field(max_length=200)]


class DecisionShape(Shape):
    """A decision; `who` counts only where nobody has signed in."""

    decision: Literal["approved", "rejected"]
    reason: Sentence | None = None
    who: Name | None = None


class CancellationShape(Shape):
    """The wish that a run ends; `who` counts only where nobody has signed in."""

    reason: Sentence | None = None
    who: Name | None = None


def read_request[Contents: Shape](content: bytes, shape: type[Contents]) -> tuple[Contents | None, list[Fault]]:
    """Return what a request says, or its faults. An empty body says nothing."""
    findings = Findings()
    source = findings.parse(REQUEST, content.strip() or b"{}")
    contents = findings.validate(source, shape) if source else None
    return (None if findings.faults else contents), findings.faults
