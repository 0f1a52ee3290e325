from datetime import UTC, datetime, timedelta

import pytest

from models.image_build import ImageBuildProgress, ImageRunState, NoticedBy, PastBuild, SubStateTimes
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Starter
from policies.builds.history import build_history, past_build

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


def distributing(not_yet_at, started_at, name="Distributing"):
    """A build of half an hour whose last sub-state was first seen at one minute, and not yet at another."""
    return ImageBuildProgress(
        template_name="t",
        template_id="/t",
        run_state=ImageRunState.SUCCEEDED,
        started_at=BEGAN,
        ended_at=BEGAN + timedelta(minutes=30),
        sub_states=(
            SubStateTimes(name="Customizing", started_at=BEGAN),
            SubStateTimes(
                name=name,
                not_yet_at=None if not_yet_at is None else BEGAN + timedelta(minutes=not_yet_at),
                started_at=BEGAN + timedelta(minutes=started_at),
            ),
        ),
    )


@pytest.mark.parametrize("name", ["Distributing", "distributing"])
def test_a_distribution_begins_in_the_middle_between_the_readings_that_found_it(name):
    assert past_build(distributing(21, 23, name)).distribution == timedelta(minutes=8)


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(distributing(10, 29), id="read too seldom"),
        pytest.param(distributing(None, 23), id="no reading before"),
        pytest.param(distributing(29, 31), id="seen after the end, by another clock"),
        pytest.param(distributing(21, 23, "Validating"), id="never seen"),
        pytest.param(distributing(21, 23).model_copy(update={"sub_states": ()}), id="no sub-state"),
    ],
)
def test_a_distribution_that_was_not_seen_well_enough_is_not_told(build):
    assert past_build(build) == PastBuild(took=timedelta(minutes=30))
