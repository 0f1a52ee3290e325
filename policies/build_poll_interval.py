"""Decides when a build is looked at again: by what this image's last builds took, and by who told of their ends.

The end of a build is a random moment. Where `h(t)` is the chance that it comes in the next second, given that it has
not come yet, the readings that find it soonest for their number lie `c / sqrt(h(t))` apart. The moment is taken as
logistic around the usual one, which makes `h` a simple function that never grows beyond a bound, so that few samples
do little harm; and the times of the readings have a closed form.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from models.image_build import NoticedBy, PastBuild
from policies.poll_interval import LONGEST as LONGEST_WITHOUT_HISTORY
from policies.poll_interval import SHORTEST, poll_interval

LONGEST = timedelta(minutes=15)
# So many builds in a row whose ends were told by events make polling a safety net.
ENOUGH_TOLD = 3
# A few samples tell little of the spread: they are taken together with so many that deviate by this share.
USUAL_SPREAD, WEIGHT_OF_USUAL_SPREAD = 0.1, 3
# One build that took three times as long does not make all others seem uncertain.
LARGEST_DEVIATION = 0.2
# The scale of a logistic distribution that is nearest to a normal one of this standard deviation.
LOGISTIC_SCALE = 0.6
# A build that is later than usual by more than so many standard deviations is looked at less and less often.
OVERDUE_SPREADS = 3
SHARE_OF_OVERDUE = 0.1
# An event that tells nothing new makes the next one wait longer.
SHORTEST_LOOK_GAP = timedelta(seconds=5)
# Beyond this, exp and sinh grow alike, and would overflow some day.
LARGE = 30.0
# In its first minute a run is accepted, and Azure may tell that by an event, too.
BEGINNING = timedelta(minutes=1)


@dataclass(frozen=True)
class Pace:
    """How far apart the readings are where they are closest: around the usual end; and long after it."""

    closest: timedelta
    share_of_usual: float
    longest_overdue: timedelta


POLLING = Pace(closest=timedelta(seconds=11), share_of_usual=0.01, longest_overdue=LONGEST_WITHOUT_HISTORY)
SAFETY_NET = Pace(closest=timedelta(seconds=75), share_of_usual=0.1, longest_overdue=LONGEST)


def build_poll_interval(elapsed: timedelta, history: Sequence[PastBuild]) -> timedelta:
    """Return how long to wait for the next reading of a build that has been on for so long.

    `history` are the last builds of this image in this environment that succeeded, newest first; without any, it is a
    tenth of the elapsed time. Between a second and a quarter of an hour, in whole seconds: replays on another machine
    come to the same.
    """
    if not history:
        return poll_interval(elapsed)
    durations = [max(past.took, SHORTEST).total_seconds() for past in history]
    usual = median(durations)
    spread = usual * _relative_spread([duration / usual for duration in durations])
    pace = SAFETY_NET if _events_can_be_trusted(history) else POLLING
    closest = min(pace.closest.total_seconds(), max(SHORTEST.total_seconds(), usual * pace.share_of_usual))
    seconds = _interval(elapsed.total_seconds(), usual, spread * LOGISTIC_SCALE, closest)
    overdue = (elapsed.total_seconds() - usual - OVERDUE_SPREADS * spread) * SHARE_OF_OVERDUE
    seconds = max(seconds, min(overdue, pace.longest_overdue.total_seconds()))
    return min(max(timedelta(seconds=round(seconds)), SHORTEST), LONGEST)


def look_gap(fruitless_looks: int) -> timedelta:
    """Return how long after a reading an event may cause another, after so many that it caused and that told no end.

    Five seconds at first, a minute at most, whatever flood of events comes.
    """
    return min(SHORTEST_LOOK_GAP * 2 ** min(fruitless_looks, 10), LONGEST_WITHOUT_HISTORY)


def is_fruitless(elapsed: timedelta) -> bool:
    """Say whether an event that told no end after so long was in vain: in the beginning one is expected to."""
    return elapsed >= BEGINNING


def second_look(elapsed: timedelta, fruitless_looks: int) -> timedelta:
    """Return how long after a reading that an event caused, and that told no end, another one is made anyhow.

    The event may have overtaken what Azure answers; but not in the beginning, when it tells that the run was accepted.
    """
    return look_gap(fruitless_looks) if is_fruitless(elapsed) else LONGEST


def _events_can_be_trusted(history: Sequence[PastBuild]) -> bool:
    newest = history[:ENOUGH_TOLD]
    return len(newest) == ENOUGH_TOLD and all(past.noticed_by is NoticedBy.EVENT for past in newest)


def _relative_spread(relative_durations: Sequence[float]) -> float:
    """Return the standard deviation of durations that are told as shares of the usual one."""
    deviations = [min(abs(share - 1), LARGEST_DEVIATION) for share in relative_durations]
    squares = WEIGHT_OF_USUAL_SPREAD * USUAL_SPREAD**2 + sum(one**2 for one in deviations)
    return math.sqrt(squares / (WEIGHT_OF_USUAL_SPREAD + len(deviations)))


def _interval(now: float, usual: float, scale: float, closest: float) -> float:
    """Return the seconds to the next reading, where the hazard is that of a logistic distribution.

    Its square root has an integral in closed form, `2 scale asinh(exp((t - usual) / (2 scale)))` but for a factor: the
    next reading lies where that has grown by `closest`.
    """
    step = closest / (2 * scale)
    position = (now - usual) / (2 * scale)
    if position > LARGE:
        return closest
    phase = math.asinh(math.exp(position)) + step
    reached = math.log(math.sinh(phase)) if phase < LARGE else phase - math.log(2)
    return (reached - position) * 2 * scale
