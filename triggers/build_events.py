"""Reacts to the events that Azure Resource Manager publishes about the runs of image templates.

Such an event is a hint and nothing more: it names a template, and the orchestration that watches this template's run,
if there is one, looks for itself.
"""

import logging
import re
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from azure_clients import durable_engine
from orchestrators import watch_image_build

LOGGER = logging.getLogger("image_bakery")
EVENT_TYPE = re.compile(r"Microsoft\.Resources\.ResourceAction(Success|Failure|Cancel)")
RUN = "microsoft.virtualmachineimages/imagetemplates/run/action"
TEMPLATE_ID = re.compile(
    r"/subscriptions/[^/]{1,36}/resourceGroups/[^/]{1,90}"
    r"/providers/Microsoft\.VirtualMachineImages/imageTemplates/[a-z0-9_.-]{1,64}",
    re.IGNORECASE | re.ASCII,
)


async def note_build_event(event: func.EventGridEvent, client: df.DurableFunctionsClient) -> None:
    """Event Grid: let the orchestration that watches a template's run look at it.

    What is not about the run of a template, or about one that nobody watches, is ignored. Where the durable engine
    does not answer, the delivery fails, and Event Grid tries again.
    """
    template_id = _template_of(event)
    if template_id is None:
        LOGGER.debug("An event of the type %.80r about %.300r is none of ours.", event.event_type, event.subject)
        return
    watch = watch_image_build.instance_id(template_id)
    if not await durable_engine.send_event(client, watch, watch_image_build.LOOK_EVENT):
        LOGGER.debug("Nobody watches the run of %s.", template_id)


def _template_of(event: func.EventGridEvent) -> str | None:
    """Return the id of the template that the event says was run, or None where it says nothing of the kind."""
    data: Any = event.get_json()
    if not isinstance(data, dict) or not EVENT_TYPE.fullmatch(str(event.event_type)):
        return None
    template_id = str(data.get("resourceUri"))
    is_run = str(data.get("operationName")).lower() == RUN
    return template_id if is_run and TEMPLATE_ID.fullmatch(template_id) else None
