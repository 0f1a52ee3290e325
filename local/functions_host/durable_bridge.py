"""Carries work items from the durable backend to the app's functions, and their answers back."""

import asyncio
import base64
import contextlib
import json
import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal.helpers import convert_to_entity_batch_request
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import StringValue

from local.durable_backend.control import DRAIN
from local.functions_host.ending import Ending
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

LOGGER = logging.getLogger("functions_host.durable")
SECONDS_BETWEEN_CONNECTIONS = 0.2
# Items of one kind at the same time, where host.json says nothing.
USUAL_LIMIT = 20
MESSAGE_SIZE = 64 * 1024 * 1024
UNLIMITED = [("grpc.max_receive_message_length", MESSAGE_SIZE), ("grpc.max_send_message_length", MESSAGE_SIZE)]


class DurableBridge:
    """Serves the app's orchestrators, activities and entities to the backend at an address."""

    def __init__(self, worker: FunctionsWorker, address: str, limits: Mapping[str, int]) -> None:
        """`limits` is the part `extensions.durableTask` of host.json."""
        self._worker = worker
        self._address = address
        self._id = uuid.uuid4().hex
        self._request = pb.GetWorkItemsRequest(
            worker_instance_id=self._id,
            maxConcurrentOrchestrationWorkItems=limits.get("maxConcurrentOrchestratorFunctions", USUAL_LIMIT),
            maxConcurrentActivityWorkItems=limits.get("maxConcurrentActivityFunctions", USUAL_LIMIT),
            maxConcurrentEntityWorkItems=limits.get("maxConcurrentEntityFunctions", USUAL_LIMIT),
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._orchestrators = _by_name(worker, "orchestrationtrigger", "orchestration")
        self._activities = _by_name(worker, "activitytrigger", "activity")
        self._entities = _by_name(worker, "entitytrigger", "entityName")

    async def run(self, ending: Ending) -> None:
        """Take work items until the end, and finish those; a backend that went away is waited for."""
        async with grpc.aio.insecure_channel(self._address, options=UNLIMITED) as channel:
            taking = asyncio.create_task(self._take(TaskHubSidecarServiceStub(channel)))
            await ending.wait()
            # What is not taken any more goes to other hosts; what was taken stays ours while the stream is open.
            with contextlib.suppress(grpc.aio.AioRpcError):
                await channel.unary_unary(DRAIN, StringValue.SerializeToString, Empty.FromString)(
                    StringValue(value=self._id)
                )
            while self._tasks:
                await asyncio.wait(self._tasks)
            taking.cancel()
            await asyncio.wait([taking])

    async def _take(self, backend: Any) -> None:
        while True:
            try:
                async for item in backend.GetWorkItems(self._request):
                    self._start(self._serve(backend, item))
            except grpc.aio.AioRpcError as error:
                LOGGER.warning("The durable backend is out of reach: %s", error.details())
            await asyncio.sleep(SECONDS_BETWEEN_CONNECTIONS)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, backend: Any, item: Any) -> None:
        kind = item.WhichOneof("request")
        serve: Callable[[Any, Any], Coroutine[Any, Any, None]] | None = {
            "orchestratorRequest": self._orchestrate,
            "activityRequest": self._act,
            "entityRequestV2": self._operate,
        }.get(kind)
        if serve is None:
            return
        try:
            await serve(backend, item)
        except grpc.aio.AioRpcError as error:
            # The backend gives the item again once it sees that nobody answers.
            LOGGER.warning("A %s could not be answered: %s", kind, error.details())

    async def _orchestrate(self, backend: Any, item: Any) -> None:
        request = item.orchestratorRequest
        events = [*request.pastEvents, *request.newEvents]
        name = next(event.executionStarted.name for event in events if event.HasField("executionStarted"))
        try:
            answer = await self._worker.invoke(_find(self._orchestrators, name), _encoded(request))
            response = pb.OrchestratorResponse()
            response.ParseFromString(base64.b64decode(answer.value))
        except FunctionFailedError as error:
            failed = pb.CompleteOrchestrationAction(
                orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED, failureDetails=_details(error)
            )
            action = pb.OrchestratorAction(id=-1, completeOrchestration=failed)
            response = pb.OrchestratorResponse(instanceId=request.instanceId, actions=[action])
        response.completionToken = item.completionToken
        await backend.CompleteOrchestratorTask(response)

    async def _act(self, backend: Any, item: Any) -> None:
        request = item.activityRequest
        response = pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId,
            taskId=request.taskId,
            completionToken=item.completionToken,
        )
        try:
            payload = request.input.value if request.HasField("input") else "null"
            answer = await self._worker.invoke(_find(self._activities, request.name), TypedData(json=payload))
            response.result.CopyFrom(StringValue(value="null" if answer is None else answer.value))
        except FunctionFailedError as error:
            response.failureDetails.CopyFrom(_details(error))
        await backend.CompleteActivityTask(response)

    async def _operate(self, backend: Any, item: Any) -> None:
        request, infos = convert_to_entity_batch_request(item.entityRequestV2)
        # An entity's instance id is `@name@key`.
        name = request.instanceId.split("@")[1]
        try:
            answer = await self._worker.invoke(_find(self._entities, name), _encoded(request))
            response = pb.EntityBatchResult()
            response.ParseFromString(base64.b64decode(answer.value))
        except FunctionFailedError as error:
            failed = pb.OperationResult(failure=pb.OperationResultFailure(failureDetails=_details(error)))
            results = [failed for _ in request.operations]
            response = pb.EntityBatchResult(results=results, entityState=request.entityState)
        response.completionToken = item.completionToken
        response.operationInfos.extend(infos)
        await backend.CompleteEntityTask(response)


def _by_name(worker: FunctionsWorker, trigger_type: str, member: str) -> dict[str, Function]:
    """Return functions by the name under which orchestrations know them, in lower case."""
    return {
        (function.trigger.get(member) or function.name).lower(): function for function in worker.of_type(trigger_type)
    }


def _find(functions: dict[str, Function], name: str) -> Function:
    function = functions.get(name.lower())
    if function is None:
        message = f"NotFound: The app has no function '{name}'; it has {', '.join(functions) or 'none'}."
        raise FunctionFailedError(message, "")
    return function


def _encoded(request: Any) -> TypedData:
    return TypedData(string=base64.b64encode(request.SerializeToString()).decode())


def _details(error: FunctionFailedError) -> Any:
    """Return the failure as the backend keeps it: the type apart from the message."""
    error_type, _, message = str(error).partition(": ")
    return pb.TaskFailureDetails(
        errorType=error_type, errorMessage=message or str(error), stackTrace=StringValue(value=error.stack)
    )


def durable_client_binding(address: str, webhooks: str, system_key: str, task_hub: str) -> str:
    """Return what a durable client binding gets: where the backend is, and where its management webhooks are.

    `address` is the backend's, `webhooks` the base address of the management webhooks.
    """
    query = f"taskHub={task_hub}&connection=Storage&code={system_key}"
    instance = f"{webhooks}/instances/INSTANCEID"
    urls = {
        "id": "INSTANCEID",
        "statusQueryGetUri": f"{instance}?{query}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{instance}/terminate?reason={{text}}&{query}",
        "suspendPostUri": f"{instance}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{instance}/resume?reason={{text}}&{query}",
        "restartPostUri": f"{instance}/restart?{query}",
        "purgeHistoryDeleteUri": f"{instance}?{query}",
    }
    return json.dumps(
        {
            "taskHubName": task_hub,
            "rpcBaseUrl": f"http://{address}",
            "baseUrl": webhooks,
            "httpBaseUrl": webhooks,
            "requiredQueryStringParameters": query,
            "managementUrls": urls,
            "maxGrpcMessageSizeInBytes": MESSAGE_SIZE,
        }
    )
