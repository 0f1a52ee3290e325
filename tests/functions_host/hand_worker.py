"""A worker driven by hand: takes work items from a backend and answers them, late, twice or never, as a test likes."""

import queue
import threading
import uuid

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal import helpers
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf.wrappers_pb2 import StringValue

SECONDS = 10


class HandWorker:
    def __init__(self, address, **limits):
        self.id = uuid.uuid4().hex
        self._channel = grpc.insecure_channel(address)
        self.backend = TaskHubSidecarServiceStub(self._channel)
        self._items = queue.Queue()
        self._stream = self.backend.GetWorkItems(pb.GetWorkItemsRequest(worker_instance_id=self.id, **limits))
        threading.Thread(target=self._read, daemon=True).start()

    def take(self):
        """Return the next work item; fails where none comes."""
        return self._items.get(timeout=SECONDS)

    def dies(self):
        """End without answering, as a process does that is killed."""
        self._stream.cancel()
        self._channel.close()

    def answer(self, item, *actions):
        """Answer a turn of an orchestration."""
        instance_id = item.orchestratorRequest.instanceId
        response = pb.OrchestratorResponse(
            instanceId=instance_id, completionToken=item.completionToken, actions=list(actions)
        )
        self.backend.CompleteOrchestratorTask(response)

    def answer_activity(self, item, result='"done"', failure=None):
        request = item.activityRequest
        response = pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId,
            taskId=request.taskId,
            completionToken=item.completionToken,
            result=StringValue(value=result) if failure is None else None,
            failureDetails=failure,
        )
        self.backend.CompleteActivityTask(response)

    def _read(self):
        try:
            for item in self._stream:
                self._items.put(item)
        except grpc.RpcError:
            return


def completed(result='"well"'):
    return helpers.new_complete_orchestration_action(99, pb.ORCHESTRATION_STATUS_COMPLETED, result)


def continued(carryover=()):
    return helpers.new_complete_orchestration_action(
        99, pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW, "null", carryover_events=list(carryover)
    )


def activity(task_id, name="act"):
    return helpers.new_schedule_task_action(task_id, name, "null", None)


def kinds(item):
    """Return what is new in a turn of an orchestration."""
    return [event.WhichOneof("eventType") for event in item.orchestratorRequest.newEvents]
