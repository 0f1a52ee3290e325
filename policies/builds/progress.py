"""Decides what a reading of a run tells about the build: sub-states it went through, deadline, how it ended."""

from datetime import datetime, timedelta

from models.failure import Failure
from models.image_build import ImageBuildProgress, ImageRun, ImageRunState, SubStateTimes
from models.state import State

# Azure Image Builder takes 0 as its own default.
DEFAULT_BUILD_TIMEOUT = timedelta(minutes=240)
# Distribution comes after the build's own time-out; replication to many regions is slow.
DISTRIBUTION_ALLOWANCE = timedelta(hours=4)
# The code of a build that we canceled for its deadline; any other that we canceled was canceled by someone.
BUILD_TIMED_OUT = "BuildTimedOut"
# How long a canceled build may take to say so.
CANCELING_ALLOWANCE = timedelta(hours=1)
GONE = {"NotFound", "ResourceNotFound", "ResourceGroupNotFound"}

STAGE_STATES = {
    ImageRunState.SUCCEEDED: State.SUCCEEDED,
    ImageRunState.PARTIALLY_SUCCEEDED: State.PARTIALLY_SUCCEEDED,
    ImageRunState.CANCELED: State.CANCELED,
}


def build_deadline(started_at: datetime, build_timeout_minutes: int) -> datetime:
    """Return when a build must be over: its own time-out (0 is 240 minutes) and an allowance to distribute."""
    own = timedelta(minutes=build_timeout_minutes) if build_timeout_minutes else DEFAULT_BUILD_TIMEOUT
    return started_at + own + DISTRIBUTION_ALLOWANCE


def advanced(progress: ImageBuildProgress, run: ImageRun, seen_at: datetime) -> ImageBuildProgress:
    """Return the progress with one more reading of the run, which was made at `seen_at`."""
    sub_state = None if run.state.finished else run.sub_state
    return progress.model_copy(
        update={
            "run_state": run.state,
            "run_sub_state": sub_state,
            "seen_at": seen_at,
            "started_at": run.started_at or progress.started_at,
            "ended_at": run.ended_at if run.state.finished else None,
            "sub_states": _sub_states(progress, sub_state, seen_at),
            "message": run.message or progress.message,
        }
    )


def is_gone(failure: Failure) -> bool:
    """Say whether the image template is gone, and its build with it; any other refusal leaves the build as it is."""
    return failure.code in GONE


def stage_state(progress: ImageBuildProgress, canceled_because: Failure | None) -> State:
    """Return the state of a stage whose build ended so; only Succeeded is a success."""
    if canceled_because is not None and progress.run_state is not ImageRunState.SUCCEEDED:
        return State.TIMED_OUT if canceled_because.code == BUILD_TIMED_OUT else State.CANCELED
    return STAGE_STATES.get(progress.run_state, State.FAILED)


def build_failure(progress: ImageBuildProgress, canceled_because: Failure | None) -> Failure | None:
    """Return why a build did not succeed, in the service's own words, or None if it did."""
    if progress.run_state is ImageRunState.SUCCEEDED:
        return None
    if canceled_because is not None:
        return canceled_because
    message = progress.message or f"Azure Image Builder ended the run as {progress.run_state} and gave no message."
    return Failure(code=f"ImageRun{progress.run_state}", message=message)


def _sub_states(progress: ImageBuildProgress, name: str | None, seen_at: datetime) -> tuple[SubStateTimes, ...]:
    earlier = progress.sub_states
    if earlier and earlier[-1].name == name:
        return earlier
    if earlier and earlier[-1].ended_at is None:
        earlier = (*earlier[:-1], earlier[-1].model_copy(update={"ended_at": seen_at}))
    if name is None:
        return earlier
    return (*earlier, SubStateTimes(name=name, not_yet_at=progress.seen_at, started_at=seen_at))
