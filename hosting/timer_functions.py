"""Plugs typed timer handlers into the host."""

from collections.abc import Callable
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from hosting.injection import arguments_for
from hosting.naming import named_after
from models.subject import Subject
from telemetry.spans import at_work


def register_timer(app: df.DFApp, schedule: str, handler: Callable[..., Any]) -> None:
    """Register a handler to be called by a schedule: six-field NCRONTAB, or `%SETTING%`.

    The handler gets what its signature asks for: the durable client as `client`, and shared services.
    """

    async def handle(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:  # noqa: ARG001 - the binding's name
        with at_work(handler.__name__, Subject()):
            await handler(**arguments_for(handler, client=client))

    bound = app.durable_client_input(client_name="client")(named_after(handler, handle))
    app.timer_trigger(arg_name="timer", schedule=schedule, use_monitor=True)(bound)
