"""Plugs typed handlers of blobs into the host."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from hosting.injection import arguments_for
from hosting.naming import named_after
from models.subject import Subject
from telemetry.spans import at_work

# The app's own storage account, which the host reads too.
CONNECTION = "AzureWebJobsStorage"
LONGEST_HANDLING = timedelta(seconds=60)


def register_blob(app: df.DFApp, path: str, handler: Callable[..., Any]) -> None:
    """Register a handler of the blobs of a path such as `uploads/{name}`, under its own name.

    It gets what its signature asks for: the blob, the durable client, shared services. What it raises lets the host
    try again, five times. Blobs are told by Event Grid, as the Flex Consumption plan needs it.
    """

    async def handle(blob: func.InputStream, client: df.DurableFunctionsClient) -> None:
        with at_work(handler.__name__, Subject()):
            async with asyncio.timeout(LONGEST_HANDLING.total_seconds()):
                await handler(**arguments_for(handler, blob=blob, client=client))

    trigger = app.blob_trigger(arg_name="blob", path=path, connection=CONNECTION, source=func.BlobSource.EVENT_GRID)
    trigger(app.durable_client_input(client_name="client")(named_after(handler, handle)))
