from datetime import UTC, datetime, timedelta

import pytest

from models.approval import ApprovalRecord, ApprovalState
from models.instance_state import InstanceState, Standing
from models.pipeline_record import StageRecord, StepRecord
from models.pipeline_run import PipelineProgress, PipelineRun, Scope, Starter, StepName
from models.state import State
from policies.runs.outcome import new_record
from policies.runs.standing import as_it_stands

BEGAN = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(minutes=20)
RUN = PipelineRun(
    id="linux-20260311-030000-00000a",
    image="linux",
    scope=Scope.ALL,
    environments=("sbx", "dev"),
    started_by=Starter(kind="http"),
    requested_at=BEGAN,
)
STAGE = StageRecord(
    environment="sbx",
    started_at=BEGAN,
    steps=(
        StepRecord(name=StepName.CHECK, state=State.SUCCEEDED, started_at=BEGAN, ended_at=BEGAN),
        StepRecord(name=StepName.BUILD, state=State.RUNNING, started_at=BEGAN),
    ),
)
WAITING = ApprovalRecord(environment="sbx", requested_at=BEGAN, deadline=LATER)
RECORD = new_record(RUN, BEGAN)


def pipeline(standing, answer=None, run=RUN):
    progress = PipelineProgress(environment="sbx", approvals=(WAITING,))
    given, shown = run.to_payload(), progress.to_payload()
    return InstanceState(id="p", standing=standing, given=given, shown=shown, answer=answer, updated_at=LATER)


def stage(standing, record=STAGE):
    return InstanceState(id="s", standing=standing, shown=record.to_payload())


ANOTHER = pipeline(Standing.ON, run=RUN.model_copy(update={"id": "linux-20260312-030000-00000b"}))


def test_a_run_that_is_on_shows_its_stage_and_what_it_waits_for():
    found = as_it_stands(RUN.id, RECORD, pipeline(Standing.ON), [stage(Standing.ON)])
    assert (found.state, found.ended_at, found.stages, found.approvals) == (State.RUNNING, None, (STAGE,), (WAITING,))


def test_a_run_that_has_no_record_yet_is_told_by_the_engine_alone():
    assert as_it_stands(RUN.id, None, pipeline(Standing.ON), []).id == RUN.id
    assert as_it_stands(RUN.id, None, ANOTHER, []) is None


@pytest.mark.parametrize(
    ("instance", "state", "code", "told", "ended_at"),
    [
        (pipeline(Standing.TERMINATED, "too slow"), State.CANCELED, "RunTerminated", "too slow", LATER),
        (pipeline(Standing.TERMINATED), State.CANCELED, "RunTerminated", "terminated", LATER),
        (pipeline(Standing.FAILED, "ValueError: x"), State.FAILED, "RunFailed", "ValueError: x", LATER),
        (InstanceState(id="p"), State.FAILED, "RunLost", "purged", BEGAN),
        (ANOTHER, State.FAILED, "RunLost", "does not know", BEGAN),
    ],
)
def test_a_run_that_did_not_come_to_its_end_says_what_happened(instance, state, code, told, ended_at):
    found = as_it_stands(RUN.id, RECORD, instance, [stage(Standing.TERMINATED)])
    assert (found.state, found.failure.code, found.ended_at) == (state, code, ended_at)
    assert told in found.failure.message
    assert [(one.state, one.ended_at) for one in found.stages] == [(state, ended_at)]
    assert [step.state for step in found.stages[0].steps] == [State.SUCCEEDED, state]
    assert {one.state for one in found.approvals} <= {ApprovalState.CANCELED}
    assert as_it_stands(RUN.id, found, InstanceState(id="p"), []) == found


def test_a_stage_that_outlives_its_run_is_shown_as_it_is():
    found = as_it_stands(RUN.id, RECORD, pipeline(Standing.TERMINATED), [stage(Standing.ON)])
    assert (found.state, found.stages) == (State.CANCELED, (STAGE,))


def test_a_stage_that_came_to_its_end_is_told_with_all_that_it_knows():
    ended = STAGE.model_copy(update={"state": State.SUCCEEDED, "ended_at": LATER, "configuration_digest": "d"})
    over = InstanceState(id="s", standing=Standing.COMPLETED, answer={"value": ended.to_payload()})
    assert as_it_stands(RUN.id, RECORD, pipeline(Standing.TERMINATED), [over]).stages == (ended,)


def test_a_run_whose_end_could_not_be_written_is_told_by_its_answer():
    ended = RECORD.model_copy(update={"state": State.SUCCEEDED, "ended_at": LATER})
    answer = {"value": ended.to_payload()}
    assert as_it_stands(RUN.id, RECORD, pipeline(Standing.COMPLETED, answer), []) == ended


def test_a_reason_from_outside_may_be_anything_and_is_cut():
    found = as_it_stands(RUN.id, RECORD, pipeline(Standing.TERMINATED, {"why": "x" * 10_000}), [])
    assert len(found.failure.message) < 1000
