from datetime import UTC, datetime, timedelta

import pytest

from models.approval import ApprovalRecord, ApprovalState
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Starter
from models.state import State
from policies.runs.record_news import record_news

BEGAN = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
ENDED = BEGAN + timedelta(hours=1)
OVER = set(State) - {State.RUNNING, State.TRIGGERED}


def record(state=State.RUNNING, stages=(), approvals=()):
    return PipelineRecord(
        id="linux-20260311-030000-00000a",
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="http"),
        started_at=BEGAN,
        ended_at=None if state is State.RUNNING else ENDED,
        state=state,
        stages=tuple(
            StageRecord(environment=environment, started_at=BEGAN, ended_at=ENDED, state=state)
            for environment, state in stages
        ),
        approvals=tuple(
            ApprovalRecord(environment=environment, requested_at=BEGAN, deadline=ENDED, state=state)
            for environment, state in approvals
        ),
    )


def told(before, after):
    news = record_news(before, after)
    return [one.environment for one in news.stages], [one.environment for one in news.approvals], news.run_ended


def test_the_first_record_tells_nothing():
    assert told(None, record()) == ([], [], False)


def test_a_stage_and_an_approval_that_ended_since_are_told():
    before = record(stages=[("sbx", State.SUCCEEDED)])
    after = record(
        stages=[("sbx", State.SUCCEEDED), ("dev", State.FAILED)], approvals=[("dev", ApprovalState.APPROVED)]
    )
    assert told(before, after) == (["dev"], ["dev"], False)


@pytest.mark.parametrize("state", sorted(OVER))
def test_the_end_of_a_run_is_told_once(state):
    ended = record(state, stages=[("sbx", state)])
    assert told(record(), ended) == (["sbx"], [], True)
    assert told(ended, ended) == ([], [], False)


def test_an_untended_build_is_told_when_it_is_over_and_its_run_with_it():
    triggered = record(State.TRIGGERED, stages=[("sbx", State.TRIGGERED)])
    assert told(record(), triggered) == ([], [], False)
    assert told(triggered, record(State.SUCCEEDED, stages=[("sbx", State.SUCCEEDED)])) == (["sbx"], [], True)


def test_a_run_that_was_written_in_one_go_is_told_whole():
    assert told(None, record(State.SKIPPED)) == ([], [], True)
    at_once = record(State.REJECTED, stages=[("sbx", State.SUCCEEDED)], approvals=[("dev", ApprovalState.REJECTED)])
    assert told(None, at_once) == (["sbx"], ["dev"], True)


def test_an_approval_that_still_waits_is_not_told():
    waits = record(approvals=[("dev", ApprovalState.WAITING)])
    assert told(None, waits) == ([], [], False)
    assert told(waits, record(approvals=[("dev", ApprovalState.TIMED_OUT)])) == ([], ["dev"], False)
