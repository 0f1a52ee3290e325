"""Plugs typed activities and orchestrators into Durable Functions.

What crosses the border is plain JSON, in an envelope: `{"value": ...}`, or `{"failure": ...}` for a failure that no
retry can cure. Any other exception leaves the function and asks the durable engine for another try.
"""

from collections.abc import Callable, Generator
from typing import Any

import azure.durable_functions as df
from durabletask.task import OrchestrationContext

from azure_clients.durable_engine import EngineClient
from hosting.injection import arguments_for, asks_for_engine, message_parameter
from hosting.naming import named_after
from models.errors import AzureRefused, StepFailed
from models.failure import Failure
from models.message import JsonObject
from orchestrators.durable import Context, subject_of
from policies.checks.advice import advice
from telemetry.metrics import ACTIVITY_RETRIES
from telemetry.spans import at_work, error_type


def register_activity(app: df.DFApp, activity: Callable[..., Any]) -> None:
    """Register an activity under its own name."""
    handle = named_after(activity, activity_handle(activity))
    if asks_for_engine(activity):
        handle = app.durable_client_input(client_name="engine")(handle)
    app.activity_trigger(input_name="payload", activity=activity.__name__)(handle)


def register_orchestrator(app: df.DFApp, orchestrator: Callable[..., Any]) -> None:
    """Register an orchestrator under its own name."""
    handle = named_after(orchestrator, orchestrator_handle(orchestrator))
    app.orchestration_trigger(context_name="context", orchestration=orchestrator.__name__)(handle)


def activity_handle(activity: Callable[..., Any], **services: Any) -> Callable[..., Any]:
    """Return what the host calls for an activity: one JSON value in, an envelope out.

    One that asks for the durable engine gets its client too. `services` take the place, by name, of those that this
    process shares.
    """
    name, message = message_parameter(activity)

    async def answer_of(payload: Any, **clients: Any) -> JsonObject:
        try:
            with at_work(activity.__name__, subject_of(payload)):
                given = {**services, **clients, name: message.from_payload(payload)}
                answer = await activity(**arguments_for(activity, **given))
        except AzureRefused as refused:
            to_do = advice(refused.code, refused.message)
            return _failure(Failure(code=refused.code, message=refused.message, what_to_do=to_do))
        except StepFailed as failed:
            return _failure(failed.failure)
        except Exception as error:
            ACTIVITY_RETRIES.add(function=activity.__name__, error_type=error_type(error))
            raise
        return {"value": answer.to_payload()}

    async def handle(payload: Any) -> JsonObject:
        return await answer_of(payload)

    async def handle_with_engine(payload: Any, engine: EngineClient) -> JsonObject:
        return await answer_of(payload, engine=engine)

    return handle_with_engine if asks_for_engine(activity) else handle


def orchestrator_handle(orchestrator: Callable[..., Any]) -> Callable[..., Any]:
    """Return what the durable worker replays for an orchestrator: context and JSON value in, an envelope out."""
    _, message = message_parameter(orchestrator)

    def handle(context: OrchestrationContext, payload: Any) -> Generator[Any, Any, JsonObject]:
        try:
            answer = yield from orchestrator(Context(context, subject_of(payload)), message.from_payload(payload))
        except StepFailed as failed:
            return _failure(failed.failure)
        return {"value": answer.to_payload()}

    return handle


def _failure(failure: Failure) -> JsonObject:
    return {"failure": failure.to_payload()}
