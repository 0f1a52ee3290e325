"""A script was uploaded, or an upload was deleted: asks the images that it may concern to look.

An event only says that there is something to see. What counts is what lies in the container `uploads`: events that
come twice, late, in another order or with the same content find nothing that has changed.
"""

import asyncio
import logging
from datetime import datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from activities.run_scripts import read_and_sort_uploads
from azure_clients import own_clock, refused_uploads, uploads
from azure_clients.connection import AzureClients
from configuration.reading import images_using
from configuration.settings import Settings
from models.scripts import RefusedUpload, Upload, UploadRefusal
from models.upkeep import LookReason, LookRequest
from policies.upkeep.uploads import quoted, unused
from triggers.upkeep import ask_for_look, configured_images

LOGGER = logging.getLogger("image_bakery")
DELETED: Final = "Microsoft.Storage.BlobDeleted"
SUBJECT: Final = f"/blobServices/default/containers/{uploads.CONTAINER}/blobs/"


async def note_script_upload(
    azure: AzureClients, settings: Settings, blob: func.InputStream, client: df.DurableFunctionsClient
) -> None:
    """Let the images that use an uploaded script look, once uploads have ceased for a while; note one of no use."""
    path = (blob.name or "").removeprefix(f"{uploads.CONTAINER}/")
    reading, found = await read_and_sort_uploads(azure, settings)
    upload = found.listed.get(path)
    if upload is None:
        # It is gone again, which is told by an event of its own.
        return
    if path in found.refused:
        await _note(azure, upload, found.refused[path])
        return
    images = images_using(reading, path)
    if not images and reading.faults:
        LOGGER.warning("Whether an image uses the upload %s cannot be told: the parameter files have faults.", path)
    elif not images:
        await _note(azure, upload, unused(upload))
    await _look(client, settings, images, upload.uploaded_at)


async def note_script_removal(
    settings: Settings, event: func.EventGridEvent, client: df.DurableFunctionsClient
) -> None:
    """Let all images look once an upload was deleted: the packaged script is in force again."""
    if event.event_type != DELETED or not str(event.subject).startswith(SUBJECT):
        return
    await _look(client, settings, await configured_images(settings), event.event_time)


async def _look(
    client: df.DurableFunctionsClient, settings: Settings, images: tuple[str, ...] | list[str], at: datetime | None
) -> None:
    requests = (
        LookRequest(image=image, reason=LookReason.UPLOAD, changed_at=at, quiet_seconds=settings.upload_quiet_seconds)
        for image in images
    )
    await asyncio.gather(*(ask_for_look(client, request) for request in requests))


async def _note(azure: AzureClients, upload: Upload, refusal: UploadRefusal) -> None:
    """Note an upload of no use, in a record and a line of the log, once for each version of it."""
    refused = RefusedUpload(
        path=upload.path,
        etag=upload.etag,
        size=upload.size,
        uploaded_at=upload.uploaded_at,
        problem=refusal.problem,
        instead=refusal.instead,
        noted_at=await own_clock.now(azure),
    )
    if await refused_uploads.note(azure, refused):
        LOGGER.warning("The upload %s is of no use. %s %s", quoted(upload.path), refusal.problem, refusal.instead)
