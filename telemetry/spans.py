"""The spans of functions: one for each call of an activity or a trigger, in the trace of the run that it is part of."""

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import Link, Status, StatusCode

from models.errors import AzureError, AzureRefused, RequestRefused, StepFailed
from models.redaction import redacted
from models.subject import Subject
from telemetry.attributes import named
from telemetry.current import SUBJECT
from telemetry.identity import span_of, within
from telemetry.metrics import AZURE_FAILURES

TRACER = trace.get_tracer("image_bakery")


@contextmanager
def at_work(function: str, subject: Subject) -> Generator[None]:
    """Tell of a function's call; log lines that are written meanwhile say what it is about.

    Its span is a child of that of the step, stage or run, and linked to the one that the host has around it: the
    host's trace may be another one. Without a run it is a child of the host's.
    """
    parent, host = span_of(subject), trace.get_current_span().get_span_context()
    about = SUBJECT.set(subject)
    try:
        with TRACER.start_as_current_span(
            function,
            within(parent) if parent else None,
            attributes=named(function=function) | subject.attributes(),
            links=[Link(host)] if parent and host.is_valid else [],
            # An exception's text is told below, without what must not be.
            record_exception=False,
            set_status_on_exception=False,
        ):
            try:
                yield
            except Exception as error:
                _tell_failure(function, error)
                raise
    finally:
        SUBJECT.reset(about)


@contextmanager
def in_trace_of(run_id: str) -> Generator[None]:
    """Let what the durable engine is asked for meanwhile be part of a run's trace; the span around it is linked."""
    run = span_of(Subject(run=run_id))
    if run is None:
        raise ValueError("A run has an id.")
    trace.get_current_span().add_link(run)
    token = context.attach(within(run))
    try:
        yield
    finally:
        context.detach(token)


def error_type(error: Exception) -> str:
    """Return Azure's code where there is one, else our own, else the name of the exception."""
    if isinstance(error, AzureError):
        return error.code
    return error.failure.code if isinstance(error, StepFailed) else type(error).__name__


def _tell_failure(function: str, error: Exception) -> None:
    if isinstance(error, RequestRefused):
        return
    code = error_type(error)
    if isinstance(error, AzureError):
        outcome = "refused" if isinstance(error, AzureRefused) else "unavailable"
        AZURE_FAILURES.add(function=function, error_type=code, outcome=outcome)
    span = trace.get_current_span()
    span.set_attributes(named(error_type=code))
    span.set_status(Status(StatusCode.ERROR, redacted(str(error))))
