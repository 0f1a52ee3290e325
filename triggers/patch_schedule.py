"""The patch timer: asks for a look at each image, now and then, so that a patch run that is due is never missed.

When a month's patch run is due is decided by the look, from the schedule in `pipeline.json` and from the records: a
timer that comes late, twice, or not for days makes no difference.
"""

import asyncio
import logging

import azure.durable_functions as df

from configuration.reading import read_configuration
from configuration.settings import Settings
from models.upkeep import LookReason, LookRequest
from triggers.upkeep import look

LOGGER = logging.getLogger("image_bakery")


async def look_at_images(settings: Settings, client: df.DurableFunctionsClient) -> None:
    """Timer: ask for a look at every image."""
    reading = await asyncio.to_thread(read_configuration, settings.parameters_folder, settings.customization_folder)
    if reading.pipeline is None:
        sentences = " ".join(f"{fault.file}: {fault.path}: {fault.problem}." for fault in reading.faults)
        LOGGER.error("No image can be patched, for pipeline.json cannot be read: %s", sentences)
        return
    for image in reading.pipeline.images:
        await look(client, LookRequest(image=image.name, reason=LookReason.TIMER))
