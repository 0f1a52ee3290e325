"""The spans of functions and records."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from models.errors import AzureRefused, RequestRefused
from models.image_build import ImageBuildProgress, SubStateTimes
from models.pipeline_record import PipelineRecord, StageFailure, StageRecord, StepRecord
from models.pipeline_run import Scope, Starter, StepName
from models.state import State
from models.subject import Subject
from telemetry.identity import span_of
from telemetry.log_lines import say_what_lines_are_about
from telemetry.spans import at_work, in_trace_of
from telemetry.told_runs import tell

RUN = Subject(run="linux-20260311-030000-00000a", image="linux")
STEP = RUN.model_copy(update={"environment": "sbx", "step": "build"})
SIGNED = "see https://example.org/logs?sig=secret&se=1"
BEGAN = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)


def test_names_make_identities_and_other_names_others():
    subjects = [
        RUN,
        STEP,
        STEP.model_copy(update={"step": None}),
        STEP.model_copy(update={"step": "check"}),
        STEP.model_copy(update={"environment": "dev"}),
    ]
    assert len({span_of(subject).span_id for subject in subjects}) == len(subjects)
    assert len({span_of(subject).trace_id for subject in subjects}) == 1
    another = span_of(Subject(run="linux-20260311-030000-00000b"))
    assert another.trace_id != span_of(RUN).trace_id
    assert span_of(STEP) == span_of(STEP.model_copy())
    assert span_of(Subject(image="linux")) is None


def test_a_function_is_told_within_its_step_and_linked_to_the_span_of_the_host(spans):
    with trace.get_tracer("host").start_as_current_span("invocation"), at_work("get_image_run", STEP):
        pass
    function, host = spans()
    assert function.parent.span_id == span_of(STEP).span_id
    assert function.context.trace_id == span_of(RUN).trace_id != host.context.trace_id
    assert [link.context.span_id for link in function.links] == [host.context.span_id]


def test_a_function_without_a_run_is_told_within_the_host_s_span(spans):
    with trace.get_tracer("host").start_as_current_span("invocation"), at_work("look_at_images", Subject()):
        pass
    function, host = spans()
    assert function.parent.span_id == host.context.span_id


def test_what_the_engine_is_asked_for_is_part_of_the_run_and_who_asks_is_linked(spans):
    with at_work("start_run", Subject()):
        with in_trace_of(RUN.run):
            assert trace.get_current_span().get_span_context().trace_id == span_of(RUN).trace_id
        assert trace.get_current_span().get_span_context().trace_id != span_of(RUN).trace_id
    (function,) = spans()
    assert [link.context.span_id for link in function.links] == [span_of(RUN).span_id]


def test_a_failure_is_told_by_its_code_and_without_keys(spans):
    with pytest.raises(AzureRefused), at_work("start_image_run", STEP):
        raise AzureRefused("run", "QuotaExceeded", SIGNED)
    (function,) = spans()
    assert function.attributes["error.type"] == "QuotaExceeded"
    assert not function.status.is_ok
    assert "https://example.org/logs?..." in function.status.description
    assert not function.events


def test_a_request_that_is_refused_is_no_failure_of_ours(spans):
    with pytest.raises(RequestRefused), at_work("start_run", Subject()):
        raise RequestRefused(400, "No", "No.")
    assert spans()[0].status.is_ok


def test_what_others_put_into_their_spans_is_cut_too(spans):
    told = {"address": SIGNED, "addresses": ["https://example.org", SIGNED], "tries": 2, "counts": [1, 2]}
    with (
        pytest.raises(OSError, match="sig="),
        trace.get_tracer("an sdk").start_as_current_span("call", attributes=told),
    ):
        raise OSError(SIGNED)
    (call,) = spans()
    (event,) = call.events
    assert event.attributes["exception.type"] == "OSError"
    assert "secret" not in f"{call.attributes} {event.attributes} {call.status.description}"
    assert (call.attributes["tries"], call.attributes["counts"]) == (2, (1, 2))


def failed_record():
    built = StepRecord(name=StepName.BUILD, state=State.FAILED, started_at=BEGAN, ended_at=BEGAN + timedelta(hours=1))
    sub_state = SubStateTimes(name="Customizing", started_at=BEGAN + timedelta(minutes=5))
    stage = StageRecord(
        environment="sbx",
        started_at=BEGAN,
        ended_at=BEGAN + timedelta(hours=1),
        state=State.FAILED,
        steps=(built,),
        build=ImageBuildProgress(template_name="it", template_id="/it", sub_states=(sub_state,)),
        failure=StageFailure(code="ImageRunFailed", message=SIGNED, step=StepName.BUILD),
    )
    return PipelineRecord(
        id=RUN.run,
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="timer", month="2026-03"),
        started_at=BEGAN - timedelta(days=3),
        ended_at=BEGAN + timedelta(hours=1),
        state=State.FAILED,
        stages=(stage,),
    )


def test_a_record_is_told_as_a_tree_with_its_own_times(spans):
    tell(None, failed_record())
    stage, step, run = spans()
    assert [one.name for one in (run, stage, step)] == ["pipeline run linux", "stage sbx", "step build"]
    assert run.parent is None
    assert (stage.parent.span_id, step.parent.span_id) == (run.context.span_id, stage.context.span_id)
    assert step.context.span_id == span_of(STEP).span_id
    assert (run.end_time - run.start_time) / 1e9 == timedelta(days=3, hours=1).total_seconds()
    assert [event.name for event in step.events] == ["Customizing"]
    assert run.kind is SpanKind.SERVER
    assert run.attributes["image_bakery.month"] == "2026-03"
    assert run.attributes["error.type"] == "ImageRunFailed"
    assert "secret" not in step.status.description


def test_a_record_that_was_told_is_not_told_again(spans):
    tell(failed_record(), failed_record())
    assert spans() == []


def test_log_lines_say_what_the_work_around_them_is_about(caplog):
    say_what_lines_are_about()
    logger = logging.getLogger("image_bakery")
    with at_work("get_image_run", STEP):
        logger.warning("It goes on.")
    logger.warning("Nothing goes on.")
    during, after = caplog.records
    assert vars(during)["image_bakery.step"] == "build"
    assert "image_bakery.run" not in vars(after)
