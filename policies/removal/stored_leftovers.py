"""Decides what in the app's own storage account nobody needs any more."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

# Between the moment at which a run's scripts are kept and its record lie seconds.
CONTENT_GRACE: Final = timedelta(days=1)
# Whoever uploaded something of no use has read the note by then, or will not.
NOTE_LIFETIME: Final = timedelta(days=90)
# More records than these are not read to find out which contents they name.
MOST_RECORDS: Final = 2000
# Of each kind in one sweep: an activity ends within seconds, and its answer is a message. The next sweep does more.
MOST_REMOVED: Final = 1000


def is_unused(sha256: str, asked_for_at: datetime, named: Collection[str], now: datetime) -> bool:
    """Say whether a content was kept for a run that never came to be: no record names it."""
    return sha256 not in named and now - asked_for_at > CONTENT_GRACE


def outdated_before(now: datetime) -> datetime:
    """Return the moment before which a note on a refused upload is too old to be of use."""
    return now - NOTE_LIFETIME
