"""The names of attributes: ours in a namespace of our own, others as OpenTelemetry's conventions have them."""

from enum import StrEnum

from models.subject import NAMESPACE

CONVENTIONAL = {"error_type": "error.type"}


class Event(StrEnum):
    """What a line tells that is there to be counted: `image_bakery.event`."""

    RUN_ENDED = "run.ended"
    UNTENDED_BUILD_ENDED = "untended_build.ended"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_ENDED = "approval.ended"
    PATCH_LOOK = "patch.look"


def named(**attributes: str | None) -> dict[str, str]:
    """Return what is known under the names that are told: `state` as `image_bakery.state`."""
    return {
        CONVENTIONAL.get(name, f"{NAMESPACE}.{name}"): value for name, value in attributes.items() if value is not None
    }
