"""Asks what keeps an image current to look whether a run is due."""

import asyncio
import logging

import azure.durable_functions as df

from azure_clients import durable_engine
from azure_clients.durable_engine import Instance
from configuration.reading import read_configuration
from configuration.settings import Settings
from models.upkeep import LookRequest, Upkeep
from orchestrators.keep_image_current import keep_image_current
from orchestrators.upkeep import LOOK_EVENT, upkeep_instance

LOGGER = logging.getLogger("image_bakery")


async def ask_for_look(client: df.DurableFunctionsClient, request: LookRequest) -> None:
    """Ask for a look; what keeps the image current is started, if it is not running."""
    instance_id = upkeep_instance(request.image)
    upkeep = Instance(keep_image_current.__name__, instance_id, Upkeep(image=request.image))
    await durable_engine.start(client, upkeep)
    await durable_engine.send_event(client, instance_id, LOOK_EVENT, request.to_payload())


async def configured_images(settings: Settings) -> list[str]:
    """Return the names of all images; none, and a line in the log, where `pipeline.json` cannot be read."""
    reading = await asyncio.to_thread(read_configuration, settings.parameters_folder, settings.customization_folder)
    if reading.pipeline is None:
        sentences = " ".join(f"{fault.file}: {fault.path}: {fault.problem}." for fault in reading.faults)
        LOGGER.error("No image is kept current, for pipeline.json cannot be read: %s", sentences)
        return []
    return [image.name for image in reading.pipeline.images]
