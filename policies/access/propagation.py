"""Decides whether a refusal may come from a role or a resource so new that Azure does not know it everywhere."""

import re
from datetime import timedelta

from models.failure import Failure

# Roles take minutes to reach every service, five by the documentation.
LONGEST_PROPAGATION = timedelta(minutes=10)
SHORTEST_PAUSE = timedelta(seconds=5)

# A resource that was just made is known everywhere within seconds.
LONGEST_UNSEEN = timedelta(minutes=2)
UNSEEN = {"NotFound", "ParentResourceNotFound", "ResourceGroupNotFound", "ResourceNotFound"}

SYMPTOM = re.compile(r"authori[sz]|permission", re.IGNORECASE)


def is_of_rights(failure: Failure) -> bool:
    """Say whether a refusal speaks of rights."""
    return SYMPTOM.search(f"{failure.code} {failure.message}") is not None


def is_of_unseen_parent(failure: Failure) -> bool:
    """Say whether a refusal speaks of something that is not there, such as what a resource is to be made in."""
    return failure.code in UNSEEN


def propagation_pause(waited: timedelta) -> timedelta:
    """Return how long to wait before the next try: a fifth of what it took so far, five seconds at least."""
    return max(waited / 5, SHORTEST_PAUSE)
