"""Tells of runs from their records: the spans of a run, its stages and steps, and the metrics of what has ended.

A record is written before it is told of, and only what the one before it did not say is told. So each fact is told at
most once: a repeated activity finds it written. It is lost if the process is killed in the seconds between the two.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from models.approval import ApprovalRecord
from models.failure import Failure
from models.image_build import ImageBuildProgress
from models.pipeline_record import PipelineRecord, StageRecord, StepRecord, Timed
from models.pipeline_run import StepName
from models.redaction import redacted
from models.state import State
from models.subject import Subject
from policies.runs.record_news import record_news
from telemetry.attributes import named
from telemetry.identity import NAMED_IDS, span_of, within
from telemetry.metrics import (
    APPROVAL_WAIT,
    BUILD_DURATION,
    DETECTION_LAG,
    RUN_DURATION,
    RUN_ENDS,
    STAGE_DURATION,
    STAGE_FAILURES,
)
from telemetry.spans import TRACER

FAILURES = {State.FAILED, State.TIMED_OUT, State.PARTIALLY_SUCCEEDED}


def tell(before: PipelineRecord | None, after: PipelineRecord) -> None:
    """Tell what the record of a run says that the one before it did not."""
    news = record_news(before, after)
    run = Subject(run=after.id, image=after.image)
    for approval in news.approvals:
        _tell_approval(run, approval)
    for stage in news.stages:
        _tell_stage(run, stage)
    if news.run_ended:
        _tell_run(run, after)


def _tell_run(run: Subject, record: PipelineRecord) -> None:
    by = {"scope": record.scope, "started_by": record.started_by.kind, "state": record.state}
    ends = [one.ended_at for one in (record, *record.stages) if one.ended_at is not None]
    failure = record.failure or next((stage.failure for stage in record.stages if stage.failure), None)
    times = (record.started_at, max(ends))
    with _span(run, f"pipeline run {record.image}", times, None, SpanKind.SERVER) as span:
        span.set_attributes(named(**by, month=record.started_by.month))
        _tell_state(span, record.state, failure)
    RUN_ENDS.add(image=record.image, **by)
    RUN_DURATION.record((max(ends) - record.started_at).total_seconds(), image=record.image, **by)


def _tell_approval(run: Subject, approval: ApprovalRecord) -> None:
    decision = approval.decision
    if decision is None:
        return
    subject = run.model_copy(update={"environment": approval.environment, "step": "approval"})
    times = (approval.requested_at, decision.decided_at)
    with _span(subject, f"approval {approval.environment}", times, run) as span:
        span.set_attributes(named(state=approval.state))
    waited = decision.decided_at - approval.requested_at
    APPROVAL_WAIT.record(
        waited.total_seconds(), image=run.image, environment=approval.environment, state=approval.state
    )


def _tell_stage(run: Subject, stage: StageRecord) -> None:
    subject = run.model_copy(update={"environment": stage.environment})
    by = {"image": run.image, "environment": stage.environment}
    with _span(subject, f"stage {stage.environment}", _times(stage), run) as span:
        _tell_state(span, stage.state, stage.failure)
    for step in stage.steps:
        _tell_step(subject, step, stage)
    began, ended = _times(stage)
    STAGE_DURATION.record((ended - began).total_seconds(), state=stage.state, **by)
    if stage.failure is not None:
        STAGE_FAILURES.add(step=stage.failure.step, error_type=stage.failure.code, **by)
    build = stage.build
    if build and build.started_at and build.ended_at and build.run_state.finished:
        BUILD_DURATION.record((build.ended_at - build.started_at).total_seconds(), state=build.run_state, **by)
        if build.seen_at:
            lag = (build.seen_at - build.ended_at).total_seconds()
            DETECTION_LAG.record(lag, noticed_by=build.noticed_by, **by)


def _tell_step(stage_subject: Subject, step: StepRecord, stage: StageRecord) -> None:
    subject = stage_subject.model_copy(update={"step": step.name.value})
    failure = stage.failure if stage.failure and stage.failure.step is step.name else None
    with _span(subject, f"step {step.name}", _times(step), stage_subject) as span:
        _tell_state(span, step.state, failure)
        if step.name is StepName.BUILD and stage.build:
            _tell_sub_states(span, stage.build)


def _tell_sub_states(span: Span, build: ImageBuildProgress) -> None:
    span.set_attributes(named(image_template=build.template_name))
    for one in build.sub_states:
        span.add_event(one.name, timestamp=_nanoseconds(one.started_at))


def _tell_state(span: Span, state: State, failure: Failure | None) -> None:
    span.set_attributes(named(state=state, error_type=failure.code if failure else None))
    if state in FAILURES:
        span.set_status(Status(StatusCode.ERROR, redacted(failure.message) if failure else state))


@contextmanager
def _span(
    subject: Subject,
    name: str,
    times: tuple[datetime, datetime],
    part_of: Subject | None,
    kind: SpanKind = SpanKind.INTERNAL,
) -> Generator[Span]:
    """Make the span of a run, stage or step, under the identity that its activities know it by."""
    identity, around = span_of(subject), span_of(part_of) if part_of else None
    if identity is None:
        raise ValueError("Only what is part of a run is recorded.")
    began, ended = times
    parent = within(around) if around else Context()
    with NAMED_IDS.given(identity):
        span = TRACER.start_span(name, parent, kind, attributes=subject.attributes(), start_time=_nanoseconds(began))
    yield span
    span.end(_nanoseconds(max(began, ended)))


def _times(one: Timed) -> tuple[datetime, datetime]:
    return one.started_at, one.ended_at or one.started_at


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
