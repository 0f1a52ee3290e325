"""Plugs typed handlers of Event Grid's events into the host."""

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

# Event Grid waits for half a minute; what is not answered by then, it delivers again.
LONGEST_HANDLING = timedelta(seconds=30)


def register_event_grid(app: df.DFApp, handler: Callable[..., Any]) -> None:
    """Register a handler of events under its own name.

    It gets what its signature asks for: the event, the durable client, shared services. What it raises lets the
    delivery fail, and Event Grid deliver the event again.
    """

    async def handle(event: func.EventGridEvent, client: df.DurableFunctionsClient) -> None:
        with at_work(handler.__name__, Subject()):
            async with asyncio.timeout(LONGEST_HANDLING.total_seconds()):
                await handler(**arguments_for(handler, event=event, client=client))

    bound = app.durable_client_input(client_name="client")(named_after(handler, handle))
    app.event_grid_trigger(arg_name="event")(bound)
