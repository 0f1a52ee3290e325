from datetime import UTC, datetime, timedelta

import pytest

from models.approval import CancelRequest, Person
from models.image_build import ImageBuildProgress, ImageRunState
from models.pipeline_record import PipelineRecord, StageRecord, StepRecord
from models.pipeline_run import Scope, Starter, StepName
from models.stage_messages import BuildEnd
from models.state import State
from policies.runs.outcome import completed, merged, run_state

BEGAN = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)


def stages(*states):
    return tuple(
        StageRecord(
            environment=f"e{index}",
            started_at=BEGAN,
            state=state,
            steps=(
                StepRecord(name=StepName.SCRIPTS, state=State.SUCCEEDED, started_at=BEGAN, ended_at=BEGAN),
                StepRecord(name=StepName.BUILD, state=state, started_at=BEGAN, ended_at=BEGAN),
            ),
        )
        for index, state in enumerate(states)
    )


def record(state, *states):
    return PipelineRecord(
        id="linux-20260311-030000-00000a",
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="http"),
        started_at=BEGAN,
        state=state,
        stages=stages(*states),
    )


def end_of(environment, state):
    published = StepRecord(
        name=StepName.PUBLICATION,
        state=state,
        started_at=BEGAN + timedelta(minutes=55),
        ended_at=BEGAN + timedelta(hours=1),
        detail="It is told.",
    )
    built = StepRecord(
        name=StepName.BUILD,
        state=State.SUCCEEDED,
        started_at=BEGAN + timedelta(minutes=1),
        ended_at=published.started_at,
    )
    rest = StageRecord(
        environment=environment,
        state=state,
        started_at=built.started_at,
        ended_at=published.ended_at,
        steps=(built, published),
        build=ImageBuildProgress(template_name="t", template_id="/t", run_state=ImageRunState.SUCCEEDED),
    )
    return BuildEnd(run_id="linux-20260311-030000-00000a", rest=rest)


@pytest.mark.parametrize(
    ("states", "run"),
    [
        ((State.SUCCEEDED, State.SUCCEEDED), State.SUCCEEDED),
        ((State.TRIGGERED, State.SUCCEEDED), State.TRIGGERED),
        ((State.SUCCEEDED, State.TRIGGERED), State.TRIGGERED),
        ((State.FAILED, State.SUCCEEDED), State.FAILED),
    ],
)
def test_a_run_is_a_success_only_if_every_stage_is(states, run):
    assert run_state(stages(*states)) is run


@pytest.mark.parametrize("end", [State.SUCCEEDED, State.FAILED, State.CANCELED, State.PARTIALLY_SUCCEEDED])
def test_the_end_of_the_last_untended_build_is_that_of_the_run(end):
    done = completed(record(State.TRIGGERED, State.SUCCEEDED, State.TRIGGERED), end_of("e1", end))
    assert done.state is end
    assert done.stages[1].state is end
    assert [(step.name, step.state, step.duration_seconds) for step in done.stages[1].steps] == [
        ("scripts", State.SUCCEEDED, 0.0),
        ("build", State.SUCCEEDED, 3300.0),
        ("publication", end, 300.0),
    ]
    assert done.stages[1].ended_at == BEGAN + timedelta(hours=1)


def test_an_end_that_is_told_twice_is_recorded_once():
    end = end_of("e0", State.SUCCEEDED)
    once = completed(record(State.TRIGGERED, State.TRIGGERED), end)
    assert completed(once, end) == once


def wish(name):
    return CancelRequest(who=Person(name=name, verified=True), reason=None, requested_at=BEGAN)


def test_who_canceled_a_build_after_the_run_is_told_as_who_canceled_the_run_and_the_first_stays_it():
    triggered = record(State.TRIGGERED, State.TRIGGERED, State.TRIGGERED)
    first = end_of("e0", State.CANCELED).model_copy(update={"canceled_by": wish("ann")})
    second = end_of("e1", State.CANCELED).model_copy(update={"canceled_by": wish("bob")})
    once = completed(triggered, first)
    assert (once.state, once.canceled_by) == (State.CANCELED, wish("ann"))
    assert completed(once, second).canceled_by == wish("ann")
    assert merged(triggered, completed(record(State.RUNNING, State.TRIGGERED), first)).canceled_by == wish("ann")


def test_a_run_goes_on_being_triggered_while_another_build_goes_on():
    done = completed(record(State.TRIGGERED, State.TRIGGERED, State.TRIGGERED), end_of("e0", State.SUCCEEDED))
    assert done.state is State.TRIGGERED


def test_the_end_of_a_build_changes_neither_a_run_that_failed_nor_one_that_goes_on():
    for state in (State.FAILED, State.RUNNING):
        assert completed(record(state, State.TRIGGERED), end_of("e0", State.SUCCEEDED)).state is state


def test_an_end_that_was_written_first_is_not_lost_when_the_run_writes_its_own():
    written_first = completed(record(State.RUNNING, State.TRIGGERED), end_of("e0", State.FAILED))
    later = merged(record(State.TRIGGERED, State.TRIGGERED), written_first)
    assert later.stages[0].state is State.FAILED
    assert later.state is State.FAILED


def test_a_first_record_is_written_as_it_is():
    first = record(State.RUNNING, State.SUCCEEDED)
    assert merged(first, None) == first
