"""Decides how long to wait before Azure is asked again how far something is."""

from datetime import timedelta

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(seconds=60)
SHARE_OF_ELAPSED = 0.1
SHARE_OF_OUTAGE = 0.25


def poll_interval(elapsed: timedelta) -> timedelta:
    """Return a tenth of the time that it took so far, between a second and a minute.

    What ends is then noticed at most a tenth late, or a minute in long builds, and the number of reads grows with the
    logarithm of the time at first: 60 reads find the end of ten minutes.
    """
    return min(max(elapsed * SHARE_OF_ELAPSED, SHORTEST), LONGEST)


def outage_pause(elapsed: timedelta) -> timedelta:
    """Return how long to wait before a service is tried again that has been out for so long, and tried a dozen times.

    A quarter of the time, a minute at least: a day takes thirty tries.
    """
    return max(elapsed * SHARE_OF_OUTAGE, LONGEST)
