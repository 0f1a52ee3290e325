from datetime import UTC, datetime, timedelta

import pytest

from models.failure import Failure
from models.image_build import ImageBuildProgress, ImageRun, ImageRunState
from models.state import State
from policies.builds.progress import DISTRIBUTION_ALLOWANCE, advanced, build_deadline, build_failure, stage_state

BEGAN = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
PROGRESS = ImageBuildProgress(template_name="t", template_id="/t")


def after(*readings):
    progress = PROGRESS
    for minute, (state, sub_state) in enumerate(readings):
        seen_at = BEGAN + timedelta(minutes=minute)
        progress = advanced(progress, ImageRun(state=state, sub_state=sub_state), seen_at)
    return progress


def test_a_sub_state_lasts_from_when_it_is_first_seen_to_when_another_is():
    progress = after(
        (ImageRunState.RUNNING, "Queued"),
        (ImageRunState.RUNNING, "Queued"),
        (ImageRunState.RUNNING, "Building"),
        (ImageRunState.SUCCEEDED, "Building"),
    )
    queued, building = progress.sub_states
    assert (queued.name, queued.started_at, queued.ended_at) == ("Queued", BEGAN, BEGAN + timedelta(minutes=2))
    assert (building.name, building.ended_at) == ("Building", BEGAN + timedelta(minutes=3))
    assert progress.run_sub_state is None


def test_a_sub_state_is_not_yet_there_at_the_reading_before_it_is_first_seen():
    progress = after(*((ImageRunState.RUNNING, name) for name in ("Queued", "Queued", "Building")))
    assert [one.not_yet_at for one in progress.sub_states] == [None, BEGAN + timedelta(minutes=1)]
    assert progress.seen_at == BEGAN + timedelta(minutes=2)


def test_a_sub_state_that_comes_again_is_noted_again():
    progress = after(*((ImageRunState.RUNNING, name) for name in ("Building", "Customizing", "Building")))
    assert [one.name for one in progress.sub_states] == ["Building", "Customizing", "Building"]


@pytest.mark.parametrize(("minutes", "own"), [(0, 240), (60, 60), (960, 960)])
def test_a_deadline_is_the_builds_own_time_and_an_allowance_to_distribute(minutes, own):
    assert build_deadline(BEGAN, minutes) == BEGAN + timedelta(minutes=own) + DISTRIBUTION_ALLOWANCE


@pytest.mark.parametrize("run_state", list(ImageRunState))
def test_only_a_run_that_succeeded_is_a_success(run_state):
    progress = PROGRESS.model_copy(update={"run_state": run_state})
    succeeded = run_state is ImageRunState.SUCCEEDED
    assert (stage_state(progress, None) is State.SUCCEEDED) == succeeded
    assert (build_failure(progress, None) is None) == succeeded


def test_a_build_that_we_canceled_is_told_as_what_it_was_canceled_for():
    late = Failure(code="BuildTimedOut", message="Too late.")
    progress = PROGRESS.model_copy(update={"run_state": ImageRunState.CANCELED})
    assert stage_state(progress, late) is State.TIMED_OUT
    assert build_failure(progress, late) == late
