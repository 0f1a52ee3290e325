"""Lets a run tell what keeps its image current that it is over."""

from models.upkeep import LookReason, LookRequest
from orchestrators.durable import Context, send_event

LOOK_EVENT = "look"


def upkeep_instance(image: str) -> str:
    """Return the instance id of what keeps an image current: one for each image."""
    return f"upkeep-{image}"


def tell_that_run_ended(context: Context, image: str) -> None:
    """Ask for a look: what came meanwhile is due now. Where nothing keeps the image current yet, nobody is told."""
    request = LookRequest(image=image, reason=LookReason.RUN_ENDED)
    send_event(context, upkeep_instance(image), LOOK_EVENT, request.to_payload())
