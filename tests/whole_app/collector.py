"""A collector of telemetry that keeps what it is sent: OTLP over HTTP, in this process."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


@dataclass(frozen=True)
class Span:
    """A span: ids in hexadecimal, `parent` empty for a root; `succeeded` where no error was told."""

    trace: str
    id: str
    parent: str
    name: str
    attributes: dict[str, Any]
    scope: str
    succeeded: bool
    events: tuple[str, ...]
    began: int
    ended: int


@dataclass
class Collector:
    """What came: `bodies` as they were sent."""

    url: str
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The application settings that let an app tell us, soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_BLRP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "300",
        }

    @property
    def spans(self) -> list[Span]:
        return [
            Span(
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                name=span.name,
                attributes=_attributes(span.attributes),
                scope=scope.scope.name,
                succeeded=span.status.code != span.status.STATUS_CODE_ERROR,
                events=tuple(event.name for event in span.events),
                began=span.start_time_unix_nano,
                ended=span.end_time_unix_nano,
            )
            for message in self._messages("/v1/traces")
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def lines(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Log lines: the id of their trace, their text, their attributes."""
        return [
            (record.trace_id.hex(), record.body.string_value, _attributes(record.attributes))
            for message in self._messages("/v1/logs")
            for resource in message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def counted(self, metric: str) -> dict[frozenset[tuple[str, Any]], float]:
        """Return how often a metric was told, of all processes together, by its attributes."""
        newest: dict[tuple[Any, ...], float] = {}
        for message in self._messages("/v1/metrics"):
            for resource in message.resource_metrics:
                for scope in resource.scope_metrics:
                    for one in scope.metrics:
                        points = [*one.sum.data_points, *one.histogram.data_points] if one.name == metric else []
                        for point in points:
                            by = frozenset(_attributes(point.attributes).items())
                            amount = point.count if one.HasField("histogram") else point.as_int
                            # Each process counts from its own start on.
                            newest[by, point.start_time_unix_nano] = amount
        totals: dict[frozenset[tuple[str, Any]], float] = {}
        for (by, _), amount in newest.items():
            totals[by] = totals.get(by, 0) + amount
        return totals

    def _messages(self, path: str) -> Iterator[Any]:
        for kind, body in list(self.bodies):
            if kind == path:
                yield KINDS[path].FromString(body)


@contextmanager
def collector() -> Iterator[Collector]:
    """Collect what is sent to a port of the system's choice."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collected.bodies.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collected = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collected
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def tree(spans: list[Span], root: str, depth: int) -> list[str]:
    """Return the names below a span, indented: in the order of their time, the innermost by name; equal ones once."""
    children = sorted((span for span in spans if span.parent == root), key=lambda span: span.began)
    names = list(dict.fromkeys(span.name for span in children))
    if depth == 1:
        return sorted(names)
    lines: list[str] = []
    for name in names:
        below = (line for span in children if span.name == name for line in tree(spans, span.id, depth - 1))
        lines += [name, *(f"  {line}" for line in dict.fromkeys(below))]
    return lines
