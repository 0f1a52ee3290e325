"""Decides whether a refusal may come from a role that was just given and that Azure does not know everywhere yet."""

import re
from datetime import timedelta

from models.failure import Failure

# Roles take minutes to reach every service, five by the documentation.
LONGEST_PROPAGATION = timedelta(minutes=10)
SHORTEST_PAUSE = timedelta(seconds=5)

SYMPTOM = re.compile(r"authori[sz]|permission", re.IGNORECASE)


def may_be_propagation(failure: Failure, waited: timedelta) -> bool:
    """Say whether another try is worth while: a refusal that speaks of rights, within ten minutes."""
    return waited < LONGEST_PROPAGATION and SYMPTOM.search(f"{failure.code} {failure.message}") is not None


def propagation_pause(waited: timedelta) -> timedelta:
    """Return how long to wait before the next try: a fifth of what it took so far, five seconds at least."""
    return max(waited / 5, SHORTEST_PAUSE)
