"""Asks what keeps an image current to look whether a run is due."""

import azure.durable_functions as df

from azure_clients import durable_engine
from azure_clients.durable_engine import Instance
from models.upkeep import LookRequest, Upkeep
from orchestrators.keep_image_current import keep_image_current
from orchestrators.upkeep import LOOK_EVENT, upkeep_instance


async def look(client: df.DurableFunctionsClient, request: LookRequest) -> None:
    """Ask for a look; what keeps the image current is started, if it is not running."""
    instance_id = upkeep_instance(request.image)
    upkeep = Instance(keep_image_current.__name__, instance_id, Upkeep(image=request.image))
    await durable_engine.start(client, upkeep)
    await durable_engine.send_event(client, instance_id, LOOK_EVENT, request.to_payload())
