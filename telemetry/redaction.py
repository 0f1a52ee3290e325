"""Cuts what must not be told out of the spans of others: the SDKs put the texts of exceptions into theirs."""

from collections.abc import Sequence
from typing import override

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from policies.redaction import redacted


class RedactingSpanExporter(SpanExporter):
    """Exports spans without the queries of addresses, wherever they stand."""

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
    attributes = {name: _cut(value) for name, value in (span.attributes or {}).items()}
    description = span.status.description
    status = Status(span.status.status_code, redacted(description)) if description else span.status
    if attributes == span.attributes and status.description == description:
        return span
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=span.events,
        links=span.links,
        kind=span.kind,
        status=status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cut(value: AttributeValue) -> AttributeValue:
    return redacted(value) if isinstance(value, str) else value
