"""Tells from the readings of a build where it stands: whether its distribution, the last thing that it does, is on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from models.image_build import ImageBuildProgress, SubStateTimes


class Phase(Enum):
    """How near the end may be: before the distribution, it is at least a distribution away."""

    UNKNOWN = auto()
    BEFORE_DISTRIBUTION = auto()
    DISTRIBUTION = auto()


# Azure Image Builder's words; it has spelled them in lower case, too. Any other word tells nothing.
PHASES = {
    "queued": Phase.BEFORE_DISTRIBUTION,
    "building": Phase.BEFORE_DISTRIBUTION,
    "customizing": Phase.BEFORE_DISTRIBUTION,
    "optimizing": Phase.BEFORE_DISTRIBUTION,
    "validating": Phase.BEFORE_DISTRIBUTION,
    "distributing": Phase.DISTRIBUTION,
}


@dataclass(frozen=True)
class Standing:
    """Where a build stood at a reading: for how long it had been on, and in the last sub-state that was seen."""

    elapsed: timedelta
    phase: Phase = Phase.UNKNOWN
    in_sub_state: timedelta = timedelta(0)


def build_standing(progress: ImageBuildProgress, began_at: datetime, read_at: datetime) -> Standing:
    """Return where a build that began then stood at a reading: what Azure told last, if it did not answer that one."""
    elapsed = read_at - began_at
    if progress.run_sub_state is None or not progress.sub_states:
        return Standing(elapsed)
    return Standing(elapsed, phase_of(progress.run_sub_state), read_at - likely_beginning(progress.sub_states[-1]))


def phase_of(sub_state: str) -> Phase:
    """Return the phase that a sub-state belongs to."""
    return PHASES.get(sub_state.lower(), Phase.UNKNOWN)


def likely_beginning(times: SubStateTimes) -> datetime:
    """Return the middle between the reading that first showed a sub-state and the one before it."""
    return times.started_at - (times.started_at - (times.not_yet_at or times.started_at)) / 2
