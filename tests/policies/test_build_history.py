from datetime import UTC, datetime, timedelta

from models.image_build import ImageBuildProgress, ImageRunState, NoticedBy, PastBuild
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Starter
from policies.build_history import build_history

BEGAN = datetime(2026, 3, 11, 3, tzinfo=UTC)


def record(*stages):
    return PipelineRecord(
        id="r", image="linux", scope=Scope.ALL, started_by=Starter(kind="http"), started_at=BEGAN, stages=stages
    )


def stage(minutes, environment="sbx", state=ImageRunState.SUCCEEDED, noticed_by=NoticedBy.EVENT):
    build = ImageBuildProgress(
        template_name="t",
        template_id="/t",
        run_state=state,
        started_at=BEGAN,
        ended_at=None if minutes is None else BEGAN + timedelta(minutes=minutes),
        noticed_by=noticed_by,
    )
    return StageRecord(environment=environment, started_at=BEGAN, build=build)


def test_the_builds_of_an_environment_that_succeeded_are_told_in_the_order_of_the_records():
    records = [record(stage(30), stage(99, "prd")), record(stage(20, noticed_by=None))]
    assert build_history(records, "sbx") == (
        PastBuild(took=timedelta(minutes=30), noticed_by=NoticedBy.EVENT),
        PastBuild(took=timedelta(minutes=20)),
    )


def test_builds_that_did_not_succeed_that_go_on_or_that_never_were_tell_nothing():
    without_build = StageRecord(environment="sbx", started_at=BEGAN)
    others = [state for state in ImageRunState if state is not ImageRunState.SUCCEEDED]
    records = [*(record(stage(30, state=state)) for state in others), record(stage(None)), record(without_build)]
    assert build_history(records, "sbx") == ()
