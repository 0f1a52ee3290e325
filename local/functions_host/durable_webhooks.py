"""The management webhooks of Durable Functions: `/runtime/webhooks/durabletask/instances...`, behind the system key."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypedDict

from durabletask.client import (
    AsyncTaskHubGrpcClient,
    OrchestrationQuery,
    OrchestrationState,
    OrchestrationStatus,
    PurgeInstancesResult,
)
from grpc import StatusCode
from grpc.aio import AioRpcError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.functions_host.durable_history import history_events, utc_text
from local.functions_host.keys import Keys

BASE = "/runtime/webhooks/durabletask"
# The words of the webhooks for the engine's states.
STATUS_WORDS = {
    OrchestrationStatus.RUNNING: "Running",
    OrchestrationStatus.COMPLETED: "Completed",
    OrchestrationStatus.FAILED: "Failed",
    OrchestrationStatus.TERMINATED: "Terminated",
    OrchestrationStatus.CONTINUED_AS_NEW: "ContinuedAsNew",
    OrchestrationStatus.PENDING: "Pending",
    OrchestrationStatus.SUSPENDED: "Suspended",
}
GOES_ON = {"Running", "Pending", "ContinuedAsNew", "Suspended"}
ANSWERS = {StatusCode.NOT_FOUND: 404, StatusCode.FAILED_PRECONDITION: 410}

CONTINUATION = "x-ms-continuation-token"


class Filter(TypedDict):
    """Which instances are meant, in the client's words."""

    runtime_status: list[OrchestrationStatus] | None
    created_time_from: datetime | None
    created_time_to: datetime | None


type Action = Callable[[AsyncTaskHubGrpcClient, Request, str], Awaitable[Response]]


def durable_routes(backend: AsyncTaskHubGrpcClient, keys: Keys) -> list[Route]:
    """Return the routes of the webhooks; `backend` is the client through which they act."""
    actions: list[tuple[str, str, Action]] = [
        ("GET", "", _list),
        ("DELETE", "", _purge_many),
        ("GET", "/{id}", _status),
        ("DELETE", "/{id}", _purge),
        ("POST", "/{id}/raiseEvent/{name}", _raise_event),
        ("POST", "/{id}/terminate", _terminate),
        ("POST", "/{id}/suspend", _suspend),
        ("POST", "/{id}/resume", _resume),
        ("POST", "/{id}/restart", _restart),
    ]
    return [
        Route(f"{BASE}/instances{path}", _guarded(backend, keys, action), methods=[method])
        for method, path, action in actions
    ]


def _guarded(backend: AsyncTaskHubGrpcClient, keys: Keys, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        if not keys.open(request, "system"):
            return Response(status_code=401)
        try:
            return await action(backend, request, request.path_params.get("id", ""))
        except ValueError as error:
            return JSONResponse({"message": str(error)}, 400)
        except AioRpcError as error:
            return JSONResponse({"message": error.details()}, ANSWERS.get(error.code(), 503))

    return call


async def _status(backend: AsyncTaskHubGrpcClient, request: Request, instance_id: str) -> Response:
    state = await backend.get_orchestration_state(instance_id)
    if state is None:
        return Response(status_code=404)
    body = _told(state, with_input=request.query_params.get("showInput", "true").lower() != "false")
    if request.query_params.get("showHistory", "").lower() == "true":
        with_output = request.query_params.get("showHistoryOutput", "").lower() == "true"
        history = await backend.get_orchestration_history(instance_id)
        body["historyEvents"] = history_events(history, with_output=with_output)
    failed = body["runtimeStatus"] == "Failed"
    if failed and request.query_params.get("returnInternalServerErrorOnFailure", "").lower() == "true":
        return JSONResponse(body, 500)
    return JSONResponse(body, 202 if body["runtimeStatus"] in GOES_ON else 200)


async def _list(backend: AsyncTaskHubGrpcClient, request: Request, _id: str) -> Response:
    query = OrchestrationQuery(
        instance_id_prefix=request.query_params.get("instanceIdPrefix"),
        fetch_inputs_and_outputs=True,
        **_filter(request),
    )
    states = await backend.get_all_orchestration_states(query)
    first = int(request.headers.get(CONTINUATION, "0"))
    last = first + int(request.query_params.get("top", len(states)))
    with_input = request.query_params.get("showInput", "true").lower() != "false"
    more = {CONTINUATION: str(last)} if last < len(states) else None
    return JSONResponse([_told(state, with_input=with_input) for state in states[first:last]], headers=more)


async def _purge(backend: AsyncTaskHubGrpcClient, _request: Request, instance_id: str) -> Response:
    return _purged(await backend.purge_orchestration(instance_id))


async def _purge_many(backend: AsyncTaskHubGrpcClient, request: Request, _id: str) -> Response:
    return _purged(await backend.purge_orchestrations_by(**_filter(request)))


def _purged(result: PurgeInstancesResult) -> Response:
    count = result.deleted_instance_count
    return JSONResponse({"instancesDeleted": count}, 200 if count else 404)


async def _raise_event(backend: AsyncTaskHubGrpcClient, request: Request, instance_id: str) -> Response:
    body = await request.body()
    data = json.loads(body) if body else None
    name = request.path_params["name"]
    return await _to_unfinished(
        backend, instance_id, lambda: backend.raise_orchestration_event(instance_id, name, data=data)
    )


async def _terminate(backend: AsyncTaskHubGrpcClient, request: Request, instance_id: str) -> Response:
    reason = request.query_params.get("reason")
    return await _to_unfinished(
        backend, instance_id, lambda: backend.terminate_orchestration(instance_id, output=reason)
    )


async def _suspend(backend: AsyncTaskHubGrpcClient, request: Request, instance_id: str) -> Response:
    reason = request.query_params.get("reason")
    return await _to_unfinished(backend, instance_id, lambda: backend.suspend_orchestration(instance_id, reason=reason))


async def _resume(backend: AsyncTaskHubGrpcClient, request: Request, instance_id: str) -> Response:
    reason = request.query_params.get("reason")
    return await _to_unfinished(backend, instance_id, lambda: backend.resume_orchestration(instance_id, reason=reason))


async def _to_unfinished(
    backend: AsyncTaskHubGrpcClient, instance_id: str, act: Callable[[], Awaitable[None]]
) -> Response:
    """Act on an instance that has not finished; answers 404 where there is none, 410 where it has."""
    state = await backend.get_orchestration_state(instance_id, fetch_payloads=False)
    if state is None:
        return Response(status_code=404)
    if STATUS_WORDS[state.runtime_status] not in GOES_ON:
        return Response(status_code=410)
    await act()
    return Response(status_code=202)


async def _restart(backend: AsyncTaskHubGrpcClient, request: Request, instance_id: str) -> Response:
    anew = request.query_params.get("restartWithNewInstanceId", "true").lower() != "false"
    return JSONResponse(
        {"id": await backend.restart_orchestration(instance_id, restart_with_new_instance_id=anew)}, 202
    )


def _told(state: OrchestrationState, *, with_input: bool) -> dict[str, Any]:
    output = _json(state.serialized_output)
    if state.failure_details is not None:
        output = f"{state.failure_details.error_type}: {state.failure_details.message}"
    return {
        "name": state.name,
        "instanceId": state.instance_id,
        "runtimeStatus": STATUS_WORDS[state.runtime_status],
        "input": _json(state.serialized_input) if with_input else None,
        "customStatus": _json(state.serialized_custom_status),
        "output": output,
        "createdTime": utc_text(state.created_at),
        "lastUpdatedTime": utc_text(state.last_updated_at),
    }


def _filter(request: Request) -> Filter:
    """Return what the query says about the instances that are meant."""
    query = request.query_params
    wanted = {word.strip().lower() for word in query.get("runtimeStatus", "").split(",") if word}
    return {
        "runtime_status": [status for status, word in STATUS_WORDS.items() if word.lower() in wanted] or None,
        "created_time_from": _time(query.get("createdTimeFrom")),
        "created_time_to": _time(query.get("createdTimeTo")),
    }


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
