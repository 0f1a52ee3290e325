"""Decides when a build is looked at again: by where it stands, what the image's last builds took, and who told of them.

Before the distribution the end is not near: the beginning of the distribution is looked for instead, and only so well
as it tells of the end. From then on the end is as far as this image's distributions usually take, which is known better
than how long the whole build takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from models.image_build import NoticedBy, PastBuild
from policies.builds.expected_moment import expected_moment
from policies.builds.standing import Phase, Standing
from policies.poll_interval import LONGEST as LONGEST_LOOK_GAP
from policies.poll_interval import SHORTEST, poll_interval


@dataclass(frozen=True)
class Pace:
    """How many seconds of lag a reading is worth, and how far apart readings are at most."""

    worth: float
    longest: timedelta


# A build may fail long before its usual end. To see that five minutes late matters little to whoever has to mend it; to
# see it in half of that would cost every build about seven more readings an hour.
POLLING = Pace(worth=0.5, longest=timedelta(minutes=5))
# Events tell of failures, too; polling finds what they do not tell.
SAFETY_NET = Pace(worth=45, longest=timedelta(minutes=15))
LONGEST = SAFETY_NET.longest
# The beginning of a distribution is looked for as loosely as an end of which events tell. Of a short one, that would be
# too loose to tell of its end.
LOOKS_PER_DISTRIBUTION = 4
# So many builds in a row whose ends were told by events make polling a safety net.
ENOUGH_TOLD = 3
# An event that tells nothing new makes the next one wait longer.
SHORTEST_LOOK_GAP = timedelta(seconds=5)
# In its first minute a run is accepted, and Azure may tell that by an event, too.
BEGINNING = timedelta(minutes=1)


def build_poll_interval(standing: Standing, history: Sequence[PastBuild]) -> timedelta:
    """Return how long to wait for the next reading of a build that stood so at the last one.

    `history` are the last builds of this image in this environment that succeeded, newest first; without any, it is a
    tenth of the elapsed time. Between a second and the longest of its pace, in whole seconds: replays on another
    machine come to the same.
    """
    if not history:
        return poll_interval(standing.elapsed)
    pace = SAFETY_NET if _events_can_be_trusted(history) else POLLING
    return min(max(timedelta(seconds=round(_seconds(standing, history, pace))), SHORTEST), pace.longest)


def look_gap(fruitless_looks: int) -> timedelta:
    """Return how long after a reading an event may cause another, after so many that it caused and that told no end.

    Five seconds at first, a minute at most, whatever flood of events comes.
    """
    return min(SHORTEST_LOOK_GAP * 2 ** min(fruitless_looks, 10), LONGEST_LOOK_GAP)


def is_fruitless(elapsed: timedelta) -> bool:
    """Say whether an event that told no end after so long was in vain: in the beginning one is expected to."""
    return elapsed >= BEGINNING


def second_look(elapsed: timedelta, fruitless_looks: int) -> timedelta:
    """Return how long after a reading that an event caused, and that told no end, another one is made anyhow.

    The event may have overtaken what Azure answers; but not in the beginning, when it tells that the run was accepted.
    """
    return look_gap(fruitless_looks) if is_fruitless(elapsed) else LONGEST


def _seconds(standing: Standing, history: Sequence[PastBuild], pace: Pace) -> float:
    """Return how many seconds to wait for what comes next, the beginning of the distribution or the end."""
    # A safety net has few readings, which are better spent on the end. Where the last build showed no
    # distribution, say because the image is a mere VHD now, this one may not either.
    if pace is SAFETY_NET or standing.phase is Phase.UNKNOWN or history[0].distribution is None:
        end = expected_moment(past.took for past in history)
        return end.interval(standing.elapsed, end.closest(pace.worth))
    known = [(past.took - past.distribution, past.distribution) for past in history if past.distribution is not None]
    end = expected_moment(distribution for _, distribution in known)
    if standing.phase is Phase.DISTRIBUTION:
        return end.interval(standing.in_sub_state, end.closest(pace.worth))
    beginning = expected_moment(before for before, _ in known)
    close_enough = max(beginning.closest(pace.worth), end.usual / LOOKS_PER_DISTRIBUTION)
    return beginning.interval(standing.elapsed, min(beginning.closest(SAFETY_NET.worth), close_enough))


def _events_can_be_trusted(history: Sequence[PastBuild]) -> bool:
    newest = history[:ENOUGH_TOLD]
    return len(newest) == ENOUGH_TOLD and all(past.noticed_by is NoticedBy.EVENT for past in newest)
