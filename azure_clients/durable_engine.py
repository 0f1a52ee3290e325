"""The durable engine as a client sees it: instances that are started, looked at and told something."""

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import azure.durable_functions as df
from durabletask.client import OrchestrationState, OrchestrationStatus
from grpc import StatusCode
from grpc.aio import AioRpcError

from models.instance_state import InstanceState, Standing
from models.message import JsonObject, Message

EngineClient = df.DurableFunctionsClient
# Any other status is one of an instance that goes on, or will.
ENDS = {
    OrchestrationStatus.COMPLETED: Standing.COMPLETED,
    OrchestrationStatus.FAILED: Standing.FAILED,
    OrchestrationStatus.TERMINATED: Standing.TERMINATED,
}
# What the extension answers of an instance that is over, or that it does not know.
OVER = {StatusCode.FAILED_PRECONDITION, StatusCode.NOT_FOUND}


@dataclass(frozen=True)
class Instance:
    """An orchestration as it is started: its name, its instance id, and the message it begins with."""

    orchestrator: str
    instance_id: str
    message: Message


async def start(engine: EngineClient, instance: Instance) -> bool:
    """Start an instance; False where the engine finds one of this id running, which goes on untouched."""
    try:
        await engine.schedule_new_orchestration(
            instance.orchestrator, input=instance.message.to_payload(), instance_id=instance.instance_id
        )
    except AioRpcError as error:
        if error.code() is not StatusCode.ALREADY_EXISTS:
            raise
        return False
    return True


async def find(engine: EngineClient, instance_id: str) -> OrchestrationState | None:
    """Return how an instance stands, or None where the engine does not know it."""
    return await engine.get_orchestration_state(instance_id)


async def look(engine: EngineClient, instance_id: str) -> InstanceState:
    """Return how an instance stands, whether or not the engine knows it."""
    state = await find(engine, instance_id)
    if state is None:
        return InstanceState(id=instance_id)
    failure = state.failure_details
    return InstanceState(
        id=instance_id,
        standing=ENDS.get(state.runtime_status, Standing.ON),
        given=_decoded(state.serialized_input),
        shown=_decoded(state.serialized_custom_status),
        answer=failure.message if failure else _decoded(state.serialized_output),
        updated_at=state.last_updated_at.replace(tzinfo=UTC),
    )


async def send_event(engine: EngineClient, instance_id: str, name: str, payload: JsonObject | None = None) -> bool:
    """Send an event to an instance; False for one that is over, or not there, which does not get it."""
    try:
        await engine.raise_orchestration_event(instance_id, name, data=payload)
    except AioRpcError as error:
        if error.code() not in OVER:
            raise
        return False
    return True


def _decoded(text: str | None) -> Any:
    """Return what a payload says; the reason of a termination comes from outside and may be any text."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
