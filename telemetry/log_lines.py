"""Log lines with what they are about: in the host's log, and on their way to whoever collects them."""

import logging
import traceback
from typing import override

from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber
from opentelemetry.context import Context, get_current
from opentelemetry.trace import get_current_span

from models.redaction import redacted
from models.subject import NAMESPACE, Subject
from telemetry.current import SUBJECT
from telemetry.identity import span_of, within

APP = "image_bakery"
SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
OURS = f"{NAMESPACE}."


def say_what_lines_are_about() -> None:
    """Let each line of the app carry what it is about; those of orchestrations say so themselves."""
    logging.getLogger(APP).addFilter(_with_subject)


def _with_subject(record: logging.LogRecord) -> bool:
    vars(record).update(SUBJECT.get().attributes() | attributes_of(record))
    return True


def attributes_of(record: logging.LogRecord) -> dict[str, str]:
    """Return what a line says it is about."""
    return {name: str(value) for name, value in vars(record).items() if name.startswith(OURS)}


class Collected(logging.Handler):
    """Gives lines to OpenTelemetry: all of the app's, and warnings of others."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._logger = provider.get_logger(APP)
        self.addFilter(lambda record: record.name == APP or record.levelno >= logging.WARNING)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        attributes = attributes_of(record)
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1_000_000) * 1_000,
                context=_context(attributes),
                severity_text=record.levelname,
                severity_number=SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
                body=redacted(record.getMessage()),
                attributes=attributes | _exception(record) | {"logger.name": record.name},
            )
        )


def _context(attributes: dict[str, str]) -> Context:
    """Return the span that is on; the line of an orchestration, which has none in the run's trace, is its step's."""
    step = span_of(Subject.from_payload({name.removeprefix(OURS): value for name, value in attributes.items()}))
    on = get_current_span().get_span_context()
    return within(step) if step and step.trace_id != on.trace_id else get_current()


def _exception(record: logging.LogRecord) -> dict[str, str]:
    kind, error, _ = record.exc_info or (None, None, None)
    if kind is None:
        return {}
    return {
        "exception.type": kind.__name__,
        "exception.message": redacted(str(error)),
        "exception.stacktrace": redacted("".join(traceback.format_exception(error))),
    }
