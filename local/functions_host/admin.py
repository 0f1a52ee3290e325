"""The host's own interface: `/admin/...`, behind the master key."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.functions_host.keys import Keys
from local.functions_host.timers import timer_data
from local.functions_host.worker import FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData


def admin_routes(worker: FunctionsWorker, keys: Keys) -> list[Route]:
    """Return the routes: the host's status, its functions, and running any of them by hand."""
    running: set[asyncio.Task[None]] = set()

    async def status(_request: Request) -> Response:
        return JSONResponse({"state": "Running", "version": version("azure-functions-runtime"), "errors": []})

    async def functions(_request: Request) -> Response:
        return JSONResponse(
            [{"name": one.name, "config": {"bindings": one.bindings}} for one in worker.functions.values()]
        )

    async def run(request: Request) -> Response:
        function = worker.functions.get(request.path_params["name"])
        if function is None:
            return Response(status_code=404)
        body = await request.body()
        given = json.loads(body).get("input") if body else None
        is_timer = function.trigger_type == "timertrigger"
        data = (
            timer_data(function) if is_timer else TypedData(json=given if isinstance(given, str) else json.dumps(given))
        )
        task = asyncio.create_task(_run(worker.invoke(function, data)))
        running.add(task)
        task.add_done_callback(running.discard)
        return Response(status_code=202)

    return [
        Route("/admin/host/status", _guarded(keys, status), methods=["GET"]),
        Route("/admin/functions", _guarded(keys, functions), methods=["GET"]),
        Route("/admin/functions/{name}", _guarded(keys, run), methods=["POST"]),
    ]


async def _run(call: Awaitable[object]) -> None:
    with contextlib.suppress(FunctionFailedError):
        await call


def _guarded(keys: Keys, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        return await handler(request) if keys.open(request, "admin") else Response(status_code=401)

    return call
