"""Spaces readings around a moment of which only is known when it came before.

Where `h(t)` is the chance that it comes in the next second, given that it has not come yet, the readings that find it
soonest for their number lie `c / sqrt(h(t))` apart. The moment is taken as logistic around the usual one, which makes
`h` a simple function that never grows beyond a bound, so that few samples do little harm; and the times of the readings
have a closed form.

With a scale of `s`, readings that lie `c` apart where they are closest find the moment `c` late on average, and are
`2 s / c` in number. Where a reading is worth `w` seconds of lag, the sum of both is least for `c = sqrt(2 s w)`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from policies.poll_interval import SHORTEST

# A few samples tell little of the spread: they are taken together with so many that deviate by this share.
USUAL_SPREAD, WEIGHT_OF_USUAL_SPREAD = 0.15, 3
# One time that was three times as long does not make all others seem uncertain.
LARGEST_DEVIATION = 0.3
# The scale of a logistic distribution that is nearest to a normal one of this standard deviation.
LOGISTIC_SCALE = 0.6
# What is later than usual by more than so many standard deviations is looked for less and less often.
OVERDUE_SPREADS = 3
SHARE_OF_OVERDUE = 0.1
# Beyond this, exp and sinh grow alike, and would overflow some day.
LARGE = 30.0


@dataclass(frozen=True)
class ExpectedMoment:
    """How long it usually takes to come, and the standard deviation of that, in seconds."""

    usual: float
    spread: float

    def closest(self, worth: float) -> float:
        """Return how many seconds apart the closest readings are, each of which is worth so many seconds of lag."""
        return math.sqrt(2 * self.spread * LOGISTIC_SCALE * worth)

    def interval(self, waited: timedelta, closest: float) -> float:
        """Return the seconds to the next reading, where it has not come for so long."""
        now = waited.total_seconds()
        overdue = now - self.usual - OVERDUE_SPREADS * self.spread
        return max(self._interval(now, closest), overdue * SHARE_OF_OVERDUE)

    def _interval(self, now: float, closest: float) -> float:
        """Return the seconds to the next reading, where the hazard is that of a logistic distribution.

        Its square root has an integral in closed form, `2 scale asinh(exp((t - usual) / (2 scale)))` but for a factor:
        the next reading lies where that has grown by `closest`.
        """
        scale = self.spread * LOGISTIC_SCALE
        position = (now - self.usual) / (2 * scale)
        if position > LARGE:
            return closest
        phase = math.asinh(math.exp(position)) + closest / (2 * scale)
        reached = math.log(math.sinh(phase)) if phase < LARGE else phase - math.log(2)
        return (reached - position) * 2 * scale


def expected_moment(durations: Iterable[timedelta]) -> ExpectedMoment:
    """Return what earlier times tell of the next, of which there is one at least."""
    seconds = [max(duration, SHORTEST).total_seconds() for duration in durations]
    usual = median(seconds)
    deviations = [min(abs(one / usual - 1), LARGEST_DEVIATION) for one in seconds]
    squares = WEIGHT_OF_USUAL_SPREAD * USUAL_SPREAD**2 + sum(one**2 for one in deviations)
    return ExpectedMoment(usual, usual * math.sqrt(squares / (WEIGHT_OF_USUAL_SPREAD + len(deviations))))
