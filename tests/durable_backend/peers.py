"""Peers of the backend that durabletask does not have, and a wait for a condition."""

import time
from collections.abc import Callable
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
import durabletask.internal.orchestrator_service_pb2_grpc as stubs
from durabletask.client import OrchestrationState, TaskHubGrpcClient
from google.protobuf.wrappers_pb2 import StringValue

SECONDS = 10


class DyingWorker:
    """A worker that takes one item at a time, dies when it is told to, and may still answer from the dead."""

    def __init__(self, stub: stubs.TaskHubSidecarServiceStub) -> None:
        self._stub = stub
        self._stream = stub.GetWorkItems(pb.GetWorkItemsRequest(), timeout=SECONDS)

    def take(self) -> pb.WorkItem:
        return next(self._stream)

    def die(self) -> None:
        self._stream.cancel()

    def answer_turn(self, item: pb.WorkItem, *actions: pb.OrchestratorAction) -> None:
        self._stub.CompleteOrchestratorTask(
            pb.OrchestratorResponse(
                instanceId=item.orchestratorRequest.instanceId, completionToken=item.completionToken, actions=actions
            )
        )

    def answer_activity(self, item: pb.WorkItem, result: str) -> None:
        self._end_activity(item, result=StringValue(value=result))

    def fail_activity(self, item: pb.WorkItem, failure: pb.TaskFailureDetails) -> None:
        self._end_activity(item, failureDetails=failure)

    def _end_activity(self, item: pb.WorkItem, **end: Any) -> None:
        request = item.activityRequest
        self._stub.CompleteActivityTask(
            pb.ActivityResponse(
                instanceId=request.orchestrationInstance.instanceId,
                taskId=request.taskId,
                completionToken=item.completionToken,
                **end,
            )
        )


def schedule(name: str, task_id: int = 1) -> pb.OrchestratorAction:
    return pb.OrchestratorAction(id=task_id, scheduleTask=pb.ScheduleTaskAction(name=name))


def complete(result: str, status: pb.OrchestrationStatus = pb.ORCHESTRATION_STATUS_COMPLETED) -> pb.OrchestratorAction:
    action = pb.CompleteOrchestrationAction(orchestrationStatus=status, result=StringValue(value=result))
    return pb.OrchestratorAction(id=100, completeOrchestration=action)


def eventually[T](read: Callable[[], T], is_so: Callable[[T], object] = bool) -> T:
    """Return what was read once it is so; fails after a deadline."""
    deadline = time.monotonic() + SECONDS
    while not is_so(value := read()):
        assert time.monotonic() < deadline, f"This was still so at the deadline: {value}"
        time.sleep(0.002)
    return value


def events_of(client: TaskHubGrpcClient, instance_id: str) -> list[str]:
    """The names of the events in an instance's history, without "Event" at their end."""
    return [type(event).__name__.removesuffix("Event") for event in client.get_orchestration_history(instance_id)]


def finished(client: TaskHubGrpcClient, instance_id: str) -> OrchestrationState:
    state = client.wait_for_orchestration_completion(instance_id, timeout=SECONDS)
    assert state is not None
    return state


def completed(client: TaskHubGrpcClient, instance_id: str) -> Any:
    """The output of an instance that must complete."""
    state = finished(client, instance_id)
    state.raise_if_failed()
    assert state.runtime_status.name == "COMPLETED"
    return state.get_output()


def status_of(client: TaskHubGrpcClient, instance_id: str) -> str:
    state = client.get_orchestration_state(instance_id)
    return state.runtime_status.name if state else "ABSENT"
