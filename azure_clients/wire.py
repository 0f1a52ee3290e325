"""Reads words and times as Azure Resource Manager sends them."""

from datetime import datetime
from enum import Enum
from typing import Any

from models.failure import Failure
from models.resources import ProvisioningState, ResourceState

# Every other word (Creating, Updating, ResolvingDNS, Migrating ...) means that Azure is at it.
ENDED = {
    "succeeded": ProvisioningState.SUCCEEDED,
    "failed": ProvisioningState.FAILED,
    "canceled": ProvisioningState.FAILED,
    "deleting": ProvisioningState.FAILED,
}


def plain_text(word: Any) -> str | None:
    """Return the plain text of a word: the SDKs hand on an enumeration member, or text where they do not know it."""
    return word.value if isinstance(word, Enum) else word


def region_name(region: str) -> str:
    """Return the name of a region that may be told by its display name (`West Europe`)."""
    return region.replace(" ", "").lower()


def time(moment: datetime | None) -> datetime | None:
    """Return the time; Azure Image Builder writes the year 1 for one that has not come yet."""
    return None if moment is None or moment.year == 1 else moment


def has_failed(resource: Any) -> bool:
    """Say whether the provisioning of a resource ended as Failed; one that is being deleted has not."""
    state = resource.properties.provisioning_state if resource.properties else None
    return (plain_text(state) or "").lower() == "failed"


def resource_state(resource_id: str, word: Any) -> ResourceState:
    """Return the state of a resource from its provisioning state, whatever its case.

    No word yet means that Azure is at it. The failure says no more than the word, for that is all there is.
    """
    text = plain_text(word) or ""
    state = ENDED.get(text.lower(), ProvisioningState.IN_PROGRESS)
    failure = None
    if state is ProvisioningState.FAILED:
        failure = Failure(code=f"Provisioning{text}", message=f"{resource_id} is in the provisioning state {text}.")
    return ResourceState(id=resource_id, state=state, failure=failure)
