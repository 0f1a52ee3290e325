"""Sends what is told to where the platform's own variables say; without any of them nothing is made or sent."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from configuration.settings import TelemetrySettings
from telemetry.identity import NAMED_IDS
from telemetry.log_lines import Collected, say_what_lines_are_about
from telemetry.redaction import RedactingSpanExporter

LOGGER = logging.getLogger("image_bakery")


@dataclass(frozen=True)
class Destination:
    """Where traces, metrics and log lines go."""

    spans: SpanExporter
    metrics: MetricExporter
    lines: LogRecordExporter


def start_telling(settings: TelemetrySettings) -> bool:
    """Begin to tell what happens, to each destination that is set; says whether there is any.

    A destination that cannot be set up is named in the log, and does without.
    """
    say_what_lines_are_about()
    wanted = [
        (settings.application_insights, _application_insights),
        (settings.otlp_endpoint, _otlp),
    ]
    destinations = [found for value, make in wanted if value and (found := _made(make))]
    if not destinations:
        return False
    resource = Resource.create({SERVICE_NAME: settings.service_name})
    spans, lines = TracerProvider(resource=resource, id_generator=NAMED_IDS), LoggerProvider(resource=resource)
    for destination in destinations:
        spans.add_span_processor(BatchSpanProcessor(RedactingSpanExporter(destination.spans)))
        lines.add_log_record_processor(BatchLogRecordProcessor(destination.lines))
    trace.set_tracer_provider(spans)
    readers = [PeriodicExportingMetricReader(destination.metrics) for destination in destinations]
    metrics.set_meter_provider(MeterProvider(readers, resource))
    _logs.set_logger_provider(lines)
    logging.getLogger().addHandler(Collected(lines))
    return True


def _made(make: Callable[[], Destination]) -> Destination | None:
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - images are built whether or not anybody can be told of it
        LOGGER.error("Nothing is sent by %s: %s", make.__name__.strip("_"), error)  # noqa: TRY400 - its text says all
        return None


def _application_insights() -> Destination:
    """Make the exporters to Application Insights.

    They read APPLICATIONINSIGHTS_CONNECTION_STRING and APPLICATIONINSIGHTS_AUTHENTICATION_STRING by themselves.
    """
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415 - a cold start pays for it only where it is used
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    return Destination(AzureMonitorTraceExporter(), AzureMonitorMetricExporter(), AzureMonitorLogExporter())


def _otlp() -> Destination:
    """Make the exporters that speak OTLP over HTTP; they read the variables OTEL_EXPORTER_OTLP_… by themselves."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415 - as above
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return Destination(OTLPSpanExporter(), OTLPMetricExporter(), OTLPLogExporter())
