"""Cuts what must not be told out of the spans of others: the SDKs put the texts of exceptions into theirs."""

from collections.abc import Sequence
from typing import override

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes, AttributeValue

from models.redaction import redacted


class RedactingSpanExporter(SpanExporter):
    """Exports spans without keys and the queries of addresses, wherever they stand."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_redacted(span) for span in spans])

    @override
    def shutdown(self) -> None:
        self._exporter.shutdown()

    @override
    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _redacted(span: ReadableSpan) -> ReadableSpan:
    attributes = _cut_all(span.attributes)
    events = tuple(Event(event.name, _cut_all(event.attributes), event.timestamp) for event in span.events)
    description = span.status.description
    status = Status(span.status.status_code, redacted(description)) if description else span.status
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=events,
        links=span.links,
        kind=span.kind,
        status=status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cut_all(attributes: Attributes) -> dict[str, AttributeValue]:
    return {name: _cut(value) for name, value in (attributes or {}).items()}


def _cut(value: AttributeValue) -> AttributeValue:
    match value:
        case str():
            return redacted(value)
        case [str(), *_]:
            return [redacted(str(item)) for item in value]
        case _:
            return value
