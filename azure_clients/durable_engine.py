"""The durable engine as a client sees it: instances that are started, looked at and told something."""

from dataclasses import dataclass

import azure.durable_functions as df
from durabletask.client import OrchestrationState
from grpc import StatusCode
from grpc.aio import AioRpcError

from models.message import JsonObject, Message

EngineClient = df.DurableFunctionsClient


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


async def send_event(engine: EngineClient, instance_id: str, name: str, payload: JsonObject) -> None:
    """Send an event to an instance; one that is over, or not there, does not get it."""
    await engine.raise_orchestration_event(instance_id, name, data=payload)
