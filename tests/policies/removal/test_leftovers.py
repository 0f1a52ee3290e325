from datetime import UTC, datetime, timedelta

import pytest

from models.artifacts import HalfMadeArtifact
from models.image_build import ImageBuildProgress, ImageRunState
from models.instance_state import InstanceState, Standing
from models.leftovers import LeftoverKind, RecordedRun, Remedy, StagingGroup
from models.pipeline_record import PipelineRecord, StageRecord, StepRecord
from models.pipeline_run import PipelineRun, Scope, Starter, StepName
from models.resources import ImageTemplateReference, ProvisioningState
from models.state import State
from models.template_removal import FoundImageTemplate
from policies.builds.image_template_body import RUN_TAG
from policies.removal.leftovers import (
    RunFacts,
    left_artifact,
    left_run,
    left_staging_groups,
    left_template,
    run_of_template,
)
from policies.removal.stored_leftovers import is_unused
from policies.runs.outcome import new_record

BEGAN = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=3)
NAME = "it-linux-2026-03-11-03-00-05"
RUN = PipelineRun(
    id="linux-20260311-030000-00000a",
    image="linux",
    scope=Scope.ONLY_IMAGE,
    environments=("sbx",),
    started_by=Starter(kind="http"),
    requested_at=BEGAN,
)
OPEN = new_record(RUN, BEGAN)
STAGE = StageRecord(
    environment="sbx",
    started_at=BEGAN,
    build=ImageBuildProgress(template_name=NAME, template_id="/it"),
    steps=(StepRecord(name=StepName.BUILD, state=State.TRIGGERED, started_at=BEGAN),),
)
ABSENT, ON, TERMINATED = (
    InstanceState(id=name, standing=name) for name in (Standing.ABSENT, Standing.ON, "Terminated")
)


def pipeline(standing, run=RUN):
    return InstanceState(id="p", standing=standing, given=run.to_payload(), updated_at=BEGAN)


def facts(recorded=None, instance=ABSENT, stage=ABSENT, tending=ABSENT):
    if isinstance(recorded, PipelineRecord):
        recorded = RecordedRun(id=RUN.id, record=recorded)
    return RunFacts(RUN.id, recorded, instance, {"sbx": stage}, {"sbx": tending})


def closed(**told):
    return RecordedRun(id=RUN.id, **told)


KEPT = closed(template_names=(NAME,))
BROKEN_OFF = closed(broken_off=True, template_names=(NAME,))


def template(run_state=ImageRunState.SUCCEEDED, state=ProvisioningState.SUCCEEDED, name=NAME):
    reference = ImageTemplateReference(subscription_id="s", resource_group="rg", name=name)
    return FoundImageTemplate(template=reference, state=state, run_state=run_state, tags={RUN_TAG: RUN.id})


@pytest.mark.parametrize(
    "run",
    [
        facts(OPEN, pipeline(Standing.ON)),
        facts(None, pipeline(Standing.ON)),
        facts(KEPT, pipeline(Standing.COMPLETED)),
        facts(BROKEN_OFF),
        facts(None, ABSENT),
        facts(None, pipeline(Standing.ON, RUN.model_copy(update={"id": "linux-20260311-050000-00000b"}))),
    ],
)
def test_a_run_that_is_on_or_recorded_as_over_or_of_somebody_else_is_no_leftover(run):
    assert left_run(run, NOW) is None


@pytest.mark.parametrize("instance", [ABSENT, pipeline(Standing.TERMINATED), pipeline(Standing.FAILED)])
def test_a_run_that_was_broken_off_gets_its_end(instance):
    left = left_run(facts(OPEN, instance, TERMINATED), NOW)
    assert left.record.ended_at is not None
    assert (left.told.kind, left.told.remedy, left.cancel) == (LeftoverKind.RUN, Remedy.CLOSED, ())
    assert left.told.because == left.record.failure.message


def test_a_run_that_was_broken_off_before_its_first_record_gets_one():
    assert left_run(facts(None, pipeline(Standing.TERMINATED)), NOW).record.state is State.CANCELED


def test_a_run_that_began_lately_waits():
    assert left_run(facts(OPEN, pipeline(Standing.TERMINATED)), BEGAN + timedelta(minutes=59)) is None


def test_a_stage_that_goes_on_without_its_run_is_asked_to_cancel_and_the_record_waits_for_it():
    left = left_run(facts(OPEN, pipeline(Standing.TERMINATED), ON), NOW)
    assert (left.cancel, left.record, left.told.remedy) == ((ON.id,), None, Remedy.CANCELED)


TRIGGERED = OPEN.model_copy(
    update={
        "state": State.TRIGGERED,
        "ended_at": BEGAN,
        "stages": (STAGE.model_copy(update={"state": State.TRIGGERED, "ended_at": BEGAN}),),
    }
)


def test_a_build_that_something_tends_is_no_leftover():
    assert left_run(facts(TRIGGERED, pipeline(Standing.COMPLETED), tending=ON), NOW) is None
    assert left_run(facts(TRIGGERED, pipeline(Standing.COMPLETED)), BEGAN + timedelta(minutes=59)) is None


@pytest.mark.parametrize("tending", [ABSENT, InstanceState(id="t", standing="Failed", shown=STAGE.to_payload())])
def test_a_build_that_nothing_tends_ends_unattended(tending):
    (end,) = left_run(facts(TRIGGERED, pipeline(Standing.COMPLETED), tending=tending), NOW).build_ends
    assert (end.rest.state, end.rest.failure.code, end.rest.ended_at) == (State.FAILED, "BuildUnattended", NOW)
    assert [(step.name, step.state) for step in end.rest.steps] == [(StepName.BUILD, State.FAILED)]


def test_a_build_whose_end_was_never_written_ends_as_it_did():
    ended = STAGE.model_copy(update={"state": State.SUCCEEDED, "ended_at": BEGAN})
    tending = InstanceState(id="t", standing="Completed", shown=ended.to_payload())
    (end,) = left_run(facts(TRIGGERED, tending=tending), NOW).build_ends
    assert end.rest == ended


@pytest.mark.parametrize(
    ("found", "run", "is_watched"),
    [
        (template(), facts(KEPT), False),
        # Somebody builds with the kept template once more.
        (template(ImageRunState.RUNNING), facts(closed(template_names=(NAME,), ended_builds=(NAME,))), False),
        (template(), facts(OPEN, pipeline(Standing.ON)), False),
        # Its watch is about to see the end.
        (template(), facts(BROKEN_OFF), True),
        (template(ImageRunState.CANCELING), facts(BROKEN_OFF), True),
        (template(ImageRunState.RUNNING, name="it-linux-2026-03-11-05-30-00"), facts(BROKEN_OFF), True),
        # Another app's, which happens to have the same task hub.
        (template(ImageRunState.RUNNING), facts(None), True),
        (template(ImageRunState.RUNNING), facts(BROKEN_OFF, stage=ON), True),
        (template(), facts(BROKEN_OFF, stage=ON), False),
        (template(ImageRunState.RUNNING), facts(TRIGGERED, tending=ON), False),
        (template(ImageRunState.RUNNING), facts(TRIGGERED, tending=ON), True),
        (template(ImageRunState.CANCELING), facts(BROKEN_OFF), False),
        (template(state=ProvisioningState.IN_PROGRESS), facts(BROKEN_OFF), False),
        (template(name="it-linux"), facts(BROKEN_OFF), False),
        (template(name="it-linux-2026-03-11-02-00-01"), facts(OPEN), False),
        (template(name="it-linux-2026-13-45-99-00-01"), facts(BROKEN_OFF), False),
        (template(name="it-linux-2026-03-11-05-30-00"), facts(BROKEN_OFF), False),
    ],
)
def test_a_template_that_is_at_work_kept_new_or_not_named_like_ours_is_left_alone(found, run, is_watched):
    assert left_template(found, run, NOW, is_watched=is_watched) is None


@pytest.mark.parametrize(
    ("found", "run", "kind", "remedy"),
    [
        (template(ImageRunState.RUNNING), facts(OPEN), LeftoverKind.BUILD, Remedy.CANCELED),
        (template(ImageRunState.UNKNOWN), facts(BROKEN_OFF), LeftoverKind.BUILD, Remedy.CANCELED),
        (template(ImageRunState.RUNNING), facts(KEPT), LeftoverKind.BUILD, Remedy.CANCELED),
        (template(ImageRunState.RUNNING), facts(None), LeftoverKind.BUILD, Remedy.REPORTED),
        (template(ImageRunState.NOT_STARTED), facts(closed()), LeftoverKind.IMAGE_TEMPLATE, Remedy.REMOVED),
        (template(ImageRunState.CANCELED), facts(BROKEN_OFF), LeftoverKind.IMAGE_TEMPLATE, Remedy.REMOVED),
        (template(state=ProvisioningState.FAILED), facts(closed()), LeftoverKind.IMAGE_TEMPLATE, Remedy.REMOVED),
        (template(), facts(None), LeftoverKind.IMAGE_TEMPLATE, Remedy.REPORTED),
    ],
)
def test_what_no_run_goes_on_with_is_canceled_or_removed_if_it_is_surely_ours(found, run, kind, remedy):
    left = left_template(found, run, NOW, is_watched=False)
    assert (left.kind, left.remedy, left.name, left.run_id) == (kind, remedy, found.template.id, RUN.id)


@pytest.mark.parametrize("run", [facts(OPEN), facts(closed()), facts(BROKEN_OFF), facts(TRIGGERED)])
def test_a_build_whose_watch_outlived_all_else_of_its_run_is_canceled(run):
    left = left_template(template(ImageRunState.RUNNING), run, NOW, is_watched=True)
    assert (left.kind, left.remedy, left.run_id) == (LeftoverKind.BUILD, Remedy.CANCELED, RUN.id)


@pytest.mark.parametrize("tag", [None, "", "../../x", "linux"])
def test_a_template_whose_tag_names_no_run_is_none_of_ours(tag):
    found = template().model_copy(update={"tags": {} if tag is None else {RUN_TAG: tag}})
    assert run_of_template(found) is None


@pytest.mark.parametrize(
    ("name", "group", "is_left"),
    [
        ("it-linux-2026-03-11-01-00-00", "RG", True),
        ("somebodys-template", "rg", True),
        (NAME.upper(), "rg", False),
        ("it-linux-2026-03-11-05-30-00", "rg", False),
        ("it-linux-2026-03-11-01-00-00", "another", False),
    ],
)
def test_a_staging_group_is_left_where_its_template_is_gone_from_a_group_of_ours(name, group, is_left):
    staging = StagingGroup(subscription_id="s", name="IT_x", template_name=name, template_group=group)
    found = list(left_staging_groups([staging], {("s", "rg"): [NAME]}, NOW))
    assert [one.remedy for one in found] == [Remedy.REPORTED] * is_left


def test_a_content_is_unused_where_no_record_names_it_and_nobody_has_asked_for_it_lately():
    assert is_unused("a", BEGAN, {"b"}, BEGAN + timedelta(hours=25))
    assert not is_unused("b", BEGAN, {"b"}, BEGAN + timedelta(hours=25))
    assert not is_unused("a", BEGAN, {"b"}, BEGAN + timedelta(hours=23))


@pytest.mark.parametrize(
    ("recorded", "remedy"),
    [
        (closed(), Remedy.REMOVED),
        (BROKEN_OFF, Remedy.REMOVED),
        (closed(artifacts=("/gallery/versions/1.0.1",)), Remedy.REMOVED),
        (closed(artifacts=("/gallery/versions/1.0.1", "/GALLERY/versions/1.0.0")), None),
        (RecordedRun(id=RUN.id, record=OPEN), None),
        (None, Remedy.REPORTED),
    ],
)
def test_what_a_build_left_half_made_goes_once_its_run_is_over_unless_it_was_published(recorded, remedy):
    found = HalfMadeArtifact(id="/gallery/versions/1.0.0", run_id=RUN.id)
    leftover = left_artifact(found, recorded)
    assert (leftover and leftover.remedy) == remedy
    if leftover:
        assert (leftover.kind, leftover.name, leftover.run_id) == (LeftoverKind.ARTIFACT, found.id, RUN.id)
        assert RUN.id in leftover.because
