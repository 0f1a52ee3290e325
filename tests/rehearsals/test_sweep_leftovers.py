from datetime import UTC, datetime, timedelta

import pytest

from models.artifacts import DistributionTargets, HalfMadeArtifact, HalfMadeArtifacts
from models.failure import Failure
from models.image_build import ImageBuildProgress, ImageBuildWatch, ImageRun, ImageRunState
from models.instance_state import InstancesFound, InstanceState, Standing
from models.leftovers import (
    Leftover,
    LeftoverKind,
    Leftovers,
    LeftoversReport,
    RecordedRun,
    RecordedRuns,
    StagingGroup,
    StagingGroups,
    Sweep,
)
from models.pipeline_run import PipelineRun, Scope, Starter
from models.resources import ImageTemplateReference, ProvisioningState
from models.stage_messages import Done, WrittenRecord
from models.template_removal import CopiedLog, FoundImageTemplate, FoundImageTemplates, TemplatesOfGroup
from orchestrators import watch_image_build
from orchestrators.sweep_leftovers import sweep_leftovers
from policies.builds.image_template_body import RUN_TAG
from policies.runs.outcome import new_record
from tests.rehearsals.rehearsal import Rehearsal

BEGAN = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
RUN = PipelineRun(
    id="linux-20260311-010000-00000a",
    image="linux",
    scope=Scope.ONLY_IMAGE,
    environments=("sbx",),
    started_by=Starter(kind="http"),
    requested_at=BEGAN,
)
OPEN = RecordedRun(id=RUN.id, record=new_record(RUN, BEGAN))
SWEEP = Sweep(
    images=("linux",),
    environments=("sbx",),
    groups=(TemplatesOfGroup(subscription_id="s", resource_group="rg"),),
    distribution_targets=(DistributionTargets(ids=("/definition", "/image")), DistributionTargets(ids=("/other",))),
    tells_watches=True,
)
REFUSED = {"failure": Failure(code="AuthorizationFailed", message="No right to list.").to_payload()}
STANDINGS = {"pipeline-linux": Standing.TERMINATED}


def template(name, run_state):
    reference = ImageTemplateReference(subscription_id="s", resource_group="rg", name=name)
    tags = {RUN_TAG: RUN.id}
    return FoundImageTemplate(
        template=reference,
        state=ProvisioningState.SUCCEEDED,
        run_state=run_state,
        tags=tags,
        staging_resource_group="IT",
    )


def azure(templates=(), recorded=OPEN, standings=STANDINGS, **answers):
    """The answers of an Azure, and of an engine, that have these things."""

    def instances(asked):
        given = {"given": RUN.to_payload() | {"about": {"environment": "sbx"}}, "updated_at": BEGAN}
        return InstancesFound(
            states=tuple(
                InstanceState(id=name, standing=standings[name], **given)
                if name in standings
                else InstanceState(id=name)
                for name in asked["ids"]
            )
        )

    return {
        "list_image_templates": FoundImageTemplates(templates=tuple(templates)),
        "list_staging_groups": StagingGroups(),
        "list_recorded_runs": RecordedRuns(runs=(recorded,) if recorded else ()),
        "list_instances": instances,
        "publish_record": WrittenRecord(),
        "cancel_image_run": ImageRun(state=ImageRunState.CANCELING),
        "publish_build_log": CopiedLog(blob="log"),
        "delete_image_template": Done(),
        "delete_unused_contents": Leftovers(),
        "delete_old_notes": Leftovers(),
        "find_half_made": HalfMadeArtifacts(),
        "delete_half_made": Done(),
        "publish_leftovers": Done(),
        **answers,
    }


def swept(script, sweep=SWEEP, prepare=lambda _: None):
    play = Rehearsal(script, [])
    prepare(play)
    assert play.now - BEGAN >= timedelta(hours=2)
    report = LeftoversReport.from_payload(play.play(sweep_leftovers, sweep)["value"])
    assert play.inputs["publish_leftovers"] == [report.to_payload()]
    return play, report


LISTS = ["list_image_templates", "list_staging_groups"]
LAST = ["find_half_made", "find_half_made", "delete_unused_contents", "delete_old_notes", "publish_leftovers"]


def names(play):
    return [step.split()[0] for step in play.steps]


def test_where_nothing_was_left_nothing_is_done():
    play, report = swept(azure(recorded=None, standings={}))
    assert names(play) == [*LISTS, "list_recorded_runs", "list_instances", "list_recorded_runs", *LAST]
    assert play.inputs["find_half_made"] == [{"ids": ["/definition", "/image"]}, {"ids": ["/other"]}]
    assert (report.leftovers, report.unanswered) == ((), ())


def test_a_run_that_was_broken_off_is_closed_and_its_build_canceled(caplog):
    found = template("it-linux-2026-03-11-01-00-05", ImageRunState.RUNNING)
    play, report = swept(azure([found]))
    assert names(play)[-7:] == ["publish_record", "cancel_image_run", *LAST]
    assert play.inputs["publish_record"][0]["failure"]["code"] == "RunTerminated"
    assert [(one.kind, one.remedy) for one in report.leftovers] == [("run", "Closed"), ("build", "Canceled")]
    closed, canceled = [line for line in caplog.messages if line.startswith("play: ")]
    assert closed.startswith(f"play: run {RUN.id}: closed. The run was terminated")
    assert "it-linux-2026-03-11-01-00-05: canceled. " in canceled


ORPHAN = template("it-linux-2026-03-11-01-00-05", ImageRunState.RUNNING)
WATCH = watch_image_build.instance_id(ORPHAN.template.id)


def watched(play):
    """Let the orphan's build be watched, as it is by a child of a stage."""
    progress = ImageBuildProgress(template_name=ORPHAN.template.name, template_id=ORPHAN.template.id)
    watch = ImageBuildWatch(
        template=ORPHAN.template, progress=progress, watched_since=BEGAN, deadline=BEGAN + timedelta(hours=8)
    )
    play.start(watch_image_build.watch_image_build, watch.to_payload(), WATCH)


def sweep_of_an_orphan(sweep=SWEEP, standings=None):
    """Sweep where the stage was terminated alone, and its run has failed: only the watch goes on."""
    standings = standings or {"pipeline-linux": Standing.COMPLETED, f"{RUN.id}-sbx": Standing.TERMINATED}
    running, canceled = (ImageRun(state=state) for state in (ImageRunState.RUNNING, ImageRunState.CANCELED))
    script = azure(
        [ORPHAN],
        RecordedRun(id=RUN.id),
        standings | {WATCH: Standing.ON},
        get_image_run=lambda _: canceled if "cancel_image_run" in play[0].inputs else running,
    )
    play = []
    _, report = swept(script, sweep, lambda it: (play.append(it), watched(it)))
    return play[0], report


def test_a_watch_that_outlived_its_stage_cancels_the_build():
    play, report = sweep_of_an_orphan()
    assert [(one.kind, one.remedy, one.failure) for one in report.leftovers] == [("build", "Canceled", None)]
    play.play_for(timedelta(minutes=10))
    assert len(play.inputs["cancel_image_run"]) == 1
    assert not play.goes_on(WATCH)


@pytest.mark.parametrize(
    ("sweep", "standings"),
    [
        (SWEEP, {"pipeline-linux": Standing.ON}),
        (SWEEP, {f"{RUN.id}-sbx.tending": Standing.ON}),
        (SWEEP.model_copy(update={"environments": ("dev",)}), None),
        (SWEEP.model_copy(update={"tells_watches": False}), None),
    ],
    ids=["run is on", "build is tended", "environment is not looked at", "sweep of an earlier version"],
)
def test_a_watch_of_a_run_that_may_be_at_work_is_left_alone(sweep, standings):
    play, report = sweep_of_an_orphan(sweep, standings)
    play.play_for(timedelta(minutes=10))
    assert report.leftovers == ()
    assert "cancel_image_run" not in play.inputs
    assert play.goes_on(WATCH)


def test_a_template_of_a_run_that_is_closed_goes_after_its_log_was_kept():
    found = template("it-linux-2026-03-11-01-00-05", ImageRunState.CANCELED)
    play, report = swept(azure([found], RecordedRun(id=RUN.id, broken_off=True)))
    assert names(play)[-7:] == ["publish_build_log", "delete_image_template", *LAST]
    assert [(one.kind, one.remedy) for one in report.leftovers] == [("imageTemplate", "Removed")]


def half_made(name="/version", run_id=RUN.id):
    return HalfMadeArtifact(id=name, run_id=run_id)


def test_what_a_build_left_half_made_goes_once_its_run_is_over_and_is_told_where_it_may_not():
    found = HalfMadeArtifacts(artifacts=(half_made("/a"), half_made("/b"), half_made("/PUBLISHED")))
    over = RecordedRun(id=RUN.id, artifacts=("/published",))
    answers = {"find_half_made": [REFUSED, found], "delete_half_made": [Done(), REFUSED]}
    play, report = swept(azure((), over, {}, **answers))
    assert [asked["id"] for asked in play.inputs["delete_half_made"]] == ["/a", "/b"]
    assert [(one.kind, one.name, one.remedy) for one in report.leftovers] == [
        ("artifact", "/a", "Removed"),
        ("artifact", "/b", "Removed"),
    ]
    assert [one.failure and one.failure.code for one in report.leftovers] == [None, "AuthorizationFailed"]
    assert report.unanswered == ("AuthorizationFailed: No right to list.",)


def test_what_a_build_left_half_made_stays_while_its_run_goes_on():
    play, report = swept(
        azure(
            (),
            OPEN,
            {"pipeline-linux": Standing.ON},
            find_half_made=[HalfMadeArtifacts(artifacts=(half_made(),)), HalfMadeArtifacts()],
        )
    )
    assert "delete_half_made" not in play.inputs
    assert report.leftovers == ()


def test_what_a_run_of_another_app_left_half_made_is_told_and_stays():
    play, report = swept(
        azure((), None, {}, find_half_made=[HalfMadeArtifacts(artifacts=(half_made(),)), HalfMadeArtifacts()])
    )
    assert "delete_half_made" not in play.inputs
    assert [(one.kind, one.remedy) for one in report.leftovers] == [("artifact", "Reported")]


def test_a_stage_that_goes_on_without_its_run_gets_the_wish_to_cancel():
    standings = {**STANDINGS, f"{RUN.id}-sbx": Standing.ON}
    play, report = swept(azure(standings=standings))
    assert "publish_record" not in names(play)
    assert [(one.kind, one.remedy) for one in report.leftovers] == [("run", "Canceled")]


def test_what_could_not_be_done_is_told_and_does_not_stop_the_rest():
    found = [template(f"it-linux-2026-03-11-01-00-0{number}", ImageRunState.CANCELED) for number in range(2)]
    play, report = swept(azure(found, RecordedRun(id=RUN.id, broken_off=True), delete_image_template=[REFUSED, Done()]))
    assert names(play).count("delete_image_template") == 2
    assert [one.failure and one.failure.code for one in report.leftovers] == ["AuthorizationFailed", None]


@pytest.mark.parametrize(
    "question", [*LISTS, "list_recorded_runs", "list_instances", "find_half_made", "delete_unused_contents"]
)
def test_a_question_without_an_answer_is_told_and_does_not_stop_the_others(question):
    note = Leftover(kind=LeftoverKind.UPLOAD_NOTE, name="a.sh", because="It was old.")
    _, report = swept(azure(delete_old_notes=Leftovers(leftovers=(note,)), **{question: REFUSED}))
    assert report.unanswered
    assert all("No right to list." in sentence for sentence in report.unanswered)
    assert note in report.leftovers


def test_staging_groups_of_a_group_that_could_not_be_listed_are_no_leftovers():
    staging = StagingGroup(
        subscription_id="s", name="IT", template_name="gone-2026-01-01-00-00-00", template_group="rg"
    )
    groups = StagingGroups(groups=(staging,))
    _, report = swept(azure(list_staging_groups=groups, recorded=None, standings={}))
    assert [one.kind for one in report.leftovers] == ["stagingGroup"]
    _, report = swept(azure(list_staging_groups=groups, list_image_templates=REFUSED, recorded=None, standings={}))
    assert report.leftovers == ()
