from datetime import UTC, datetime, timedelta

import pytest

from models.approval import ApprovalState
from models.configuration import Approval
from models.errors import AzureUnavailable
from models.image_build import ImageBuildProgress, ImageBuildWatch, ImageRun, ImageRunState
from models.pipeline_record import PipelineRecord
from models.pipeline_run import PipelineRun, Scope, Stage, Starter
from models.resources import ImageTemplateReference
from models.stage_messages import BuildEnd, Done, PublicationRequest, UntendedBuild
from models.state import State
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from tests.rehearsals.rehearsal import Rehearsal

PIPELINE = "pipeline-linux"
RUN, EARLIER_RUN = "linux-20260311-030000-00000a", "linux-20260310-030000-00000b"
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
WHO = {"name": "ann@example.org", "verified": True}


def decision(word, number=1, **others):
    return {"id": f"d{number}", "decision": word, "reason": None, "who": WHO, "decidedAt": NOON.isoformat(), **others}


def wish(reason="Wrong image.", **others):
    return {"who": WHO, "reason": reason, "requestedAt": NOON.isoformat(), **others}


@pytest.fixture
def prepare(obliging_azure):
    """A run through three environments, the last two behind approvals of 30 days; events are raised by the test."""

    def play(**answers):
        children = [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
        return Rehearsal(obliging_azure | answers, children)

    return play


def perform(rehearsal, environments=("sbx", "dev", "prd"), minutes=30 * 24 * 60, *, waits=True):
    run = PipelineRun(
        id=RUN,
        image="linux",
        scope=Scope.ALL,
        environments=environments,
        started_by=Starter(kind="http"),
        requested_at=rehearsal.now,
        approvals={name: Approval(timeout_minutes=minutes) for name in environments[1:]},
        wait_for_image_build=waits,
    )
    envelope = rehearsal.play(run_pipeline, run, PIPELINE)
    return PipelineRecord.from_payload(envelope["value"])


def test_two_approvals_let_three_environments_through(prepare):
    rehearsal = prepare()
    rehearsal.raise_event(PIPELINE, "approval-dev", decision("approved"), after=timedelta(hours=5))
    rehearsal.raise_event(PIPELINE, "approval-prd", decision("approved", 2), after=timedelta(days=9))
    record = perform(rehearsal)
    assert record.state is State.SUCCEEDED
    assert [stage.environment for stage in record.stages] == ["sbx", "dev", "prd"]
    assert [(one.environment, one.state) for one in record.approvals] == [
        ("dev", ApprovalState.APPROVED),
        ("prd", ApprovalState.APPROVED),
    ]
    assert [one.decision and one.decision.who.name for one in record.approvals] == ["ann@example.org"] * 2


def test_a_rejection_ends_the_run_and_later_environments_never_start(prepare):
    rehearsal = prepare()
    rehearsal.raise_event(PIPELINE, "approval-dev", decision("rejected"), after=timedelta(hours=5))
    record = perform(rehearsal)
    assert record.state is State.REJECTED
    assert [stage.environment for stage in record.stages] == ["sbx"]
    assert [one["environment"] for one in rehearsal.inputs["check_stage"]] == ["sbx"]


def test_an_approval_that_nobody_gives_times_out_after_thirty_days(prepare):
    rehearsal = prepare()
    began = rehearsal.now
    record = perform(rehearsal)
    assert record.state is State.TIMED_OUT
    assert record.approvals[0].state is ApprovalState.TIMED_OUT
    assert timedelta(days=30) < rehearsal.now - began < timedelta(days=30, hours=1)
    assert [stage.environment for stage in record.stages] == ["sbx"]


def test_the_first_decision_counts_and_a_second_changes_nothing(prepare):
    rehearsal = prepare()
    rehearsal.raise_event(PIPELINE, "approval-dev", decision("approved"), after=timedelta(hours=5))
    rehearsal.raise_event(PIPELINE, "approval-dev", decision("rejected", 2), after=timedelta(hours=5))
    record = perform(rehearsal, ("sbx", "dev"))
    assert record.state is State.SUCCEEDED
    assert record.approvals[0].decision is not None
    assert record.approvals[0].decision.id == "d1"


def test_what_was_meant_for_an_earlier_run_of_the_image_neither_decides_nor_cancels(prepare):
    rehearsal = prepare()
    rehearsal.raise_event(PIPELINE, "approval-dev", decision("rejected", runId=EARLIER_RUN))
    rehearsal.raise_event(PIPELINE, "cancel", wish(runId=EARLIER_RUN))
    rehearsal.raise_event(
        PIPELINE, "approval-dev", decision("rejected", 2, runId=EARLIER_RUN), after=timedelta(hours=1)
    )
    rehearsal.raise_event(PIPELINE, "cancel", wish(runId=EARLIER_RUN), after=timedelta(hours=2))
    rehearsal.raise_event(PIPELINE, "approval-dev", decision("approved", 3, runId=RUN), after=timedelta(hours=5))
    record = perform(rehearsal, ("sbx", "dev"))
    assert (record.state, record.canceled_by) == (State.SUCCEEDED, None)
    assert record.approvals[0].decision is not None
    assert record.approvals[0].decision.id == "d3"


def test_a_wish_to_cancel_counts_after_one_that_was_meant_for_an_earlier_run(prepare):
    rehearsal = prepare()
    rehearsal.raise_event(PIPELINE, "cancel", wish(runId=EARLIER_RUN), after=timedelta(hours=1))
    rehearsal.raise_event(PIPELINE, "cancel", wish("Really.", runId=RUN), after=timedelta(hours=2))
    record = perform(rehearsal)
    assert (record.state, record.canceled_by and record.canceled_by.reason) == (State.CANCELED, "Really.")


def test_a_failed_environment_asks_for_no_approval_of_the_next(prepare):
    rehearsal = prepare(check_stage={"failure": {"code": "QuotaExceeded", "message": "No cores."}})
    record = perform(rehearsal)
    assert record.state is State.FAILED
    assert record.approvals == ()


def test_the_status_tells_the_approval_that_is_waited_for_and_until_when(prepare):
    rehearsal = prepare()
    perform(rehearsal, ("sbx", "dev"), minutes=60)
    waiting = next(status["approvals"] for status in rehearsal.statuses[PIPELINE] if status["approvals"])
    assert [(one["environment"], one["state"]) for one in waiting] == [("dev", "Waiting")]


def test_canceling_while_an_approval_is_waited_for_ends_the_run(prepare):
    rehearsal = prepare()
    rehearsal.raise_event(PIPELINE, "cancel", wish(), after=timedelta(days=2))
    record = perform(rehearsal)
    assert record.state is State.CANCELED
    assert record.approvals[0].state is ApprovalState.CANCELED
    assert record.canceled_by is not None
    assert record.canceled_by.who.name == "ann@example.org"


def test_canceling_a_build_cancels_it_in_azure_and_waits_until_azure_says_so(prepare):
    canceled = []

    def state_of(_payload):
        return ImageRun(state=ImageRunState.CANCELED if len(canceled) > 2 else ImageRunState.RUNNING)

    def cancel(payload):
        canceled.append(payload)
        return ImageRun(state=ImageRunState.CANCELING)

    def read(payload):
        if canceled:
            canceled.append(payload)
        return state_of(payload)

    rehearsal = prepare(get_image_run=read, cancel_image_run=cancel)
    rehearsal.raise_event(PIPELINE, "cancel", wish(), after=timedelta(minutes=10))
    record = perform(rehearsal)
    assert len(rehearsal.inputs["cancel_image_run"]) == 1
    assert record.state is State.CANCELED
    (stage,) = record.stages
    assert stage.failure is not None
    assert (stage.failure.step, stage.failure.code) == ("build", "RunCanceled")
    assert "Wrong image." in stage.failure.message


def test_a_build_that_succeeded_before_the_cancellation_reached_it_is_still_a_success_of_its_stage(prepare):
    rehearsal = prepare(
        get_image_run=lambda _: ImageRun(
            state=ImageRunState.SUCCEEDED if "cancel_image_run" in rehearsal.inputs else ImageRunState.RUNNING
        )
    )
    rehearsal.raise_event(PIPELINE, "cancel", wish(), after=timedelta(minutes=10))
    record = perform(rehearsal)
    assert [(stage.environment, stage.state) for stage in record.stages] == [("sbx", State.SUCCEEDED)]
    assert record.state is State.CANCELED


def test_a_run_canceled_before_its_build_leaves_no_template(prepare, obliging_azure):
    def submitted(_payload):
        rehearsal.raise_event(PIPELINE, "cancel", wish())
        return obliging_azure["create_image_template"]

    rehearsal = prepare(create_image_template=submitted)
    record = perform(rehearsal)
    assert record.state is State.CANCELED
    assert "start_image_run" not in rehearsal.inputs
    assert len(rehearsal.inputs["delete_image_template"]) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"failure": {"code": "ScopeLocked", "message": "The group is locked."}}, "ScopeLocked"),
        (AzureUnavailable("delete image template it", "HTTP 503", "The service is out."), "HTTP 503"),
    ],
)
def test_a_run_is_canceled_also_where_the_template_that_it_submitted_may_not_be_deleted(
    prepare, obliging_azure, caplog, answer, code
):
    def submitted(_payload):
        rehearsal.raise_event(PIPELINE, "cancel", wish())
        return obliging_azure["create_image_template"]

    rehearsal = prepare(create_image_template=submitted, delete_image_template=answer)
    record = perform(rehearsal)
    (stage,) = record.stages
    assert (record.state, stage.state) == (State.CANCELED, State.CANCELED)
    assert stage.failure is not None
    assert (stage.failure.code, "Wrong image." in stage.failure.message) == ("RunCanceled", True)
    assert "start_image_run" not in rehearsal.inputs
    (warning,) = [line.message for line in caplog.records if "left to the sweep" in line.message]
    assert code in warning


def test_a_run_canceled_before_its_template_submits_none(prepare, obliging_azure):
    def checked(_payload):
        rehearsal.raise_event(PIPELINE, "cancel", wish())
        return obliging_azure["check_stage"]

    rehearsal = prepare(check_stage=checked)
    record = perform(rehearsal)
    assert record.state is State.CANCELED
    assert not [step for step in rehearsal.steps if step.startswith("create_image_template")]


TENDING = f"{RUN}-sbx.tending"


@pytest.fixture
def prepare_long_builds(prepare):
    """Like `prepare`, where builds end only when they are canceled."""

    def play(**answers):
        def read(payload):
            is_canceled = payload in rehearsal.inputs.get("cancel_image_run", [])
            return ImageRun(state=ImageRunState.CANCELED if is_canceled else ImageRunState.RUNNING)

        rehearsal = prepare(get_image_run=read, publish_build_end=Done(), **answers)
        return rehearsal

    return play


def ends(rehearsal):
    """Return how the builds ended that nobody waited for, once everything is over: environment, state and canceler."""
    began = rehearsal.now
    rehearsal.play_on()
    assert rehearsal.now - began < timedelta(hours=1)
    told = [BuildEnd.from_payload(end) for end in rehearsal.inputs["publish_build_end"]]
    return [(end.rest.environment, end.rest.state, end.canceled_by and end.canceled_by.reason) for end in told]


def test_a_build_that_nobody_waited_for_is_canceled_after_its_run_ended(prepare_long_builds):
    rehearsal = prepare_long_builds()
    assert perform(rehearsal, ("sbx",), waits=False).state is State.TRIGGERED
    rehearsal.raise_event(TENDING, "cancel", wish(runId=RUN), after=timedelta(minutes=10))
    assert ends(rehearsal) == [("sbx", State.CANCELED, "Wrong image.")]
    (end,) = rehearsal.inputs["publish_build_end"]
    assert end["rest"]["failure"]["message"] == "ann@example.org canceled the run: Wrong image."
    assert len(rehearsal.inputs["cancel_image_run"]) == 1


def test_canceling_a_run_at_its_second_environment_cancels_the_build_that_it_left_in_the_first(prepare_long_builds):
    rehearsal = prepare_long_builds()
    rehearsal.raise_event(PIPELINE, "cancel", wish(), after=timedelta(minutes=10))
    record = perform(rehearsal, ("sbx", "dev"), waits=False)
    assert (record.state, [stage.state for stage in record.stages]) == (State.CANCELED, [State.TRIGGERED])
    assert ends(rehearsal) == [("sbx", State.CANCELED, "Wrong image.")]


def test_a_wish_that_comes_as_the_last_build_is_left_to_itself_cancels_it_all_the_same(prepare_long_builds):
    rehearsal = prepare_long_builds(
        publish_record=lambda record: (record["endedAt"] and rehearsal.deliver(PIPELINE, "cancel", wish())) or Done()
    )
    assert perform(rehearsal, ("sbx",), waits=False).state is State.TRIGGERED
    assert ends(rehearsal) == [("sbx", State.CANCELED, "Wrong image.")]


def test_a_build_is_canceled_in_azure_also_where_the_wish_came_before_it_was_watched(prepare_long_builds):
    rehearsal = prepare_long_builds()
    template = ImageTemplateReference(subscription_id="s", resource_group="rg", name="it-2026-03-11-03-00-02")
    untended = UntendedBuild(
        stage=Stage(run_id=RUN, image="linux", scope=Scope.ALL, environment="sbx"),
        watch=ImageBuildWatch(
            template=template,
            progress=ImageBuildProgress(template_name=template.name, template_id=template.id),
            watched_since=rehearsal.now,
            deadline=rehearsal.now + timedelta(hours=8),
        ),
        request=PublicationRequest(template=template, scripts=()),
    )
    rehearsal.start(tend_image_build, untended.to_payload(), TENDING)
    rehearsal.deliver(TENDING, "cancel", wish())
    assert ends(rehearsal) == [("sbx", State.CANCELED, "Wrong image.")]
    assert len(rehearsal.inputs["cancel_image_run"]) == 1


def test_a_run_that_nobody_canceled_leaves_its_builds_alone(prepare):
    rehearsal = prepare(publish_build_end=Done())
    perform(rehearsal, ("sbx",), waits=False)
    assert ends(rehearsal) == [("sbx", State.SUCCEEDED, None)]
    assert "cancel_image_run" not in rehearsal.inputs
