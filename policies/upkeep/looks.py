"""Decides when it is looked whether a run is due."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from models.scripts import ScriptContent
from models.upkeep import LookRequest, LookResult, Upkeep

# A flood of events, late or forged, costs no more than this.
LOOKS_APART = timedelta(seconds=5)
# A run may wait for weeks for an approval; its end is told, and this is only in case it is not.
SHORTEST_RECHECK = timedelta(seconds=30)
LONGEST_RECHECK = timedelta(hours=1)


def asked_to_look(upkeep: Upkeep, request: LookRequest, now: datetime) -> Upkeep:
    """Return the upkeep with one more request: the look waits until the last upload has been quiet for its window.

    A late or repeated request tells of an old upload and makes nothing wait; a clock that is ahead makes nothing wait
    for longer than the window. However many requests come, looks are some seconds apart.
    """
    changed_at = min(request.changed_at or now, now)
    look_at = changed_at + timedelta(seconds=request.quiet_seconds)
    if upkeep.look_at is not None:
        look_at = max(look_at, upkeep.look_at)
    if upkeep.looked_at is not None:
        look_at = max(look_at, upkeep.looked_at + LOOKS_APART)
    return upkeep.model_copy(update={"look_at": look_at})


def looked(upkeep: Upkeep, look: LookResult, now: datetime) -> Upkeep:
    """Return the upkeep after a look that settled everything, up to what it says is to come."""
    return Upkeep(image=upkeep.image, looked_at=now, look_at=look.quiet_at, wake_at=look.next_at)


def quiet_at(changed: Collection[str], contents: Iterable[ScriptContent], quiet: timedelta) -> datetime | None:
    """Return when the last changed script that was uploaded will have been quiet for so long; None without one.

    A look may come before the event of an upload does: its window counts all the same.
    """
    uploaded = [one.uploaded_at for one in contents if one.path in changed and one.uploaded_at is not None]
    return max(uploaded) + quiet if uploaded else None


def rechecked(upkeep: Upkeep, now: datetime) -> Upkeep:
    """Return the upkeep that looks again by itself, each time after twice the pause, up to an hour."""
    if upkeep.recheck_seconds is None:
        pause = SHORTEST_RECHECK
    else:
        pause = min(2 * timedelta(seconds=upkeep.recheck_seconds), LONGEST_RECHECK)
    return Upkeep(image=upkeep.image, looked_at=now, wake_at=now + pause, recheck_seconds=pause.total_seconds())
