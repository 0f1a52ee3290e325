"""The patch timer: asks for a look at each image, now and then, so that a patch run that is due is never missed.

It starts the sweep, too, which finds what earlier crashes left.

When a month's patch run is due is decided by the look, from the schedule in `pipeline.json` and from the records: a
timer that comes late, twice, or not for days makes no difference.
"""

import azure.durable_functions as df

from configuration.settings import Settings
from models.upkeep import LookReason, LookRequest
from triggers.sweep import start_sweep
from triggers.upkeep import ask_for_look, configured_images


async def look_at_images(settings: Settings, client: df.DurableFunctionsClient) -> None:
    """Timer: ask for a look at every image, and for a sweep."""
    for image in await configured_images(settings):
        await ask_for_look(client, LookRequest(image=image, reason=LookReason.TIMER))
    await start_sweep(settings, client)
