"""Builds of which Azure does not say whether they were started, how they stand, or whether they were canceled."""

import re
from datetime import timedelta

import pytest

from models.errors import AzureUnavailable
from models.image_build import ImageRun, ImageRunState
from models.pipeline_record import StageRecord
from models.pipeline_run import Scope, Stage
from models.state import State
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from tests.rehearsals.rehearsal import Rehearsal

STAGE = "linux-20260311-030000-00000a-sbx"
WISH = {"who": {"name": "ann", "verified": False}, "reason": None, "requestedAt": "2026-03-11T03:00:00Z"}
CHILDREN = [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
OUT = AzureUnavailable("run image template", "ServiceUnavailable", "The service is out.")
NO_RIGHT = AzureUnavailable("run image template", "AuthorizationFailed", "It has no right to run.")
REFUSED = {"failure": {"code": "Conflict", "message": "Not now."}}
GONE = AzureUnavailable("read the run", "ResourceNotFound", "There is no such template.")
RUNNING, SUCCEEDED, CANCELED = (
    ImageRun(state=state) for state in (ImageRunState.RUNNING, ImageRunState.SUCCEEDED, ImageRunState.CANCELED)
)


@pytest.fixture
def stage(obliging_azure):
    """Plays a stage that only builds, where Azure answers otherwise than obligingly."""

    def play(*, wish_after=None, wish_during=None, waits=True, **answers):
        rehearsal = Rehearsal(obliging_azure | answers, CHILDREN)
        if wish_after:
            rehearsal.raise_event(STAGE, "cancel", WISH, after=wish_after)
        if wish_during:
            usual = rehearsal.script[wish_during]

            def answer(_payload):
                rehearsal.deliver(STAGE, "cancel", WISH)
                return usual

            rehearsal.script[wish_during] = answer
        asked = Stage(
            run_id=STAGE[:-4],
            image="linux",
            scope=Scope.ONLY_IMAGE,
            environment="sbx",
            wait_for_image_build=waits,
        )
        envelope = rehearsal.play(run_stage, asked, STAGE)
        return rehearsal, StageRecord.from_payload(envelope["value"])

    return play


def test_a_start_that_got_no_answer_is_asked_about_until_azure_answers(stage):
    rehearsal, record = stage(start_image_run=[OUT, OUT, OUT, RUNNING])
    assert record.state is State.SUCCEEDED
    assert len(rehearsal.inputs["start_image_run"]) == 4


def test_a_start_that_got_no_answer_for_an_hour_is_given_up_and_what_may_have_begun_is_canceled(stage):
    rehearsal, record = stage(start_image_run=OUT)
    assert (record.state, record.failure.code, record.failure.step) == (State.FAILED, "ServiceUnavailable", "build")
    assert record.ended_at - record.started_at > timedelta(hours=1)
    assert re.search(r"The service is out\. \(Tried for 1:\d\d:\d\d in all\.\)$", record.failure.message)
    assert len(rehearsal.inputs["cancel_image_run"]) == 1


def test_whoever_cancels_while_a_start_is_in_doubt_cancels_what_may_have_begun(stage):
    rehearsal, record = stage(start_image_run=OUT, wish_after=timedelta(minutes=5))
    assert (record.state, record.failure.code) == (State.CANCELED, "RunCanceled")
    assert record.ended_at - record.started_at < timedelta(minutes=10)
    assert len(rehearsal.inputs["cancel_image_run"]) == 1


def test_a_right_that_is_missing_leaves_no_doubt_about_the_start(stage):
    rehearsal, record = stage(start_image_run=NO_RIGHT)
    assert (record.state, record.failure.code) == (State.FAILED, "AuthorizationFailed")
    assert "in all" not in record.failure.message
    assert len(rehearsal.inputs["start_image_run"]) == 1


def test_a_build_is_watched_on_where_azure_refuses_to_tell_of_it(stage):
    _, record = stage(get_image_run=[RUNNING, REFUSED, REFUSED, SUCCEEDED])
    assert record.state is State.SUCCEEDED


@pytest.mark.parametrize("activity", ["start_image_run", "get_image_run"])
def test_a_build_whose_template_is_gone_is_over(stage, activity):
    rehearsal, record = stage(**{activity: GONE})
    assert (record.state, record.failure.code) == (State.FAILED, "ResourceNotFound")
    assert rehearsal.now - record.started_at < timedelta(minutes=10)


def test_a_cancellation_that_azure_refuses_is_asked_for_again(stage):
    asked = []

    def cancel(payload):
        asked.append(payload)
        return REFUSED if len(asked) < 3 else RUNNING

    def read(_payload):
        return RUNNING if len(asked) < 3 else CANCELED

    _, record = stage(get_image_run=read, cancel_image_run=cancel, wish_after=timedelta(minutes=10))
    assert (record.state, record.failure.code, len(asked)) == (State.CANCELED, "RunCanceled", 3)


@pytest.mark.parametrize("waits", [True, False])
def test_whoever_cancels_while_a_build_starts_cancels_it(stage, waits):
    rehearsal, record = stage(get_image_run=CANCELED, wish_during="start_image_run", waits=waits)
    assert (record.state, record.failure.code) == (State.CANCELED, "RunCanceled")
    assert len(rehearsal.inputs["cancel_image_run"]) == 1
