"""The identity of spans: a run is one trace, whoever tells of it, however long it takes and wherever it goes on.

Trace and span ids are made of the names of things. So an activity knows the span of its step before that is told of,
and a host that takes another's place, a history that begins anew or a build that nobody waited for stay in the trace.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import override

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from models.subject import Subject

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8


def span_of(subject: Subject) -> SpanContext | None:
    """Return the identity of the span of a run, stage or step; None for what is no part of a run."""
    if subject.run is None:
        return None
    names = [name for name in (subject.run, subject.environment, subject.step) if name is not None]
    return SpanContext(
        trace_id=_number("trace", [subject.run], TRACE_ID_BYTES),
        span_id=_number("span", names, SPAN_ID_BYTES),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def within(span: SpanContext) -> Context:
    """Return the context in which a span of this identity is the parent."""
    return set_span_in_context(NonRecordingSpan(span))


class NamedIds(IdGenerator):
    """Random ids, but those given where a span has a name of its own."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._given: ContextVar[SpanContext | None] = ContextVar("given identity", default=None)

    @contextmanager
    def given(self, identity: SpanContext) -> Generator[None]:
        """Let the spans that are started meanwhile have this identity."""
        token = self._given.set(identity)
        try:
            yield
        finally:
            self._given.reset(token)

    @override
    def generate_span_id(self) -> int:
        given = self._given.get()
        return given.span_id if given else self._random.generate_span_id()

    @override
    def generate_trace_id(self) -> int:
        given = self._given.get()
        return given.trace_id if given else self._random.generate_trace_id()


NAMED_IDS = NamedIds()


def _number(kind: str, names: list[str], size: int) -> int:
    digest = hashlib.sha256("\n".join([kind, *names]).encode()).digest()
    # An identity of zero is none.
    return int.from_bytes(digest[:size]) or 1
