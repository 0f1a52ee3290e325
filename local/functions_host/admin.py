"""The host's own interface: `/admin/...`, behind the master key."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from azure.core.exceptions import AzureError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.functions_host.blob_triggers import BlobTriggers
from local.functions_host.keys import Keys
from local.functions_host.timers import timer_data
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import PROTOS, TypedData

LOGGER = logging.getLogger("functions_host.admin")
BLOB_PATH = re.compile(r"[^/]+/.+")


class Admin:
    """The host's status, its functions, and running any of them by hand."""

    def __init__(self, worker: FunctionsWorker, blobs: BlobTriggers, keys: Keys) -> None:
        self._worker = worker
        self._blobs = blobs
        self._keys = keys
        self._running: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Return the routes of the interface."""
        return [
            Route("/admin/host/status", self._guarded(self._status), methods=["GET"]),
            Route("/admin/functions", self._guarded(self._functions), methods=["GET"]),
            Route("/admin/functions/{name}", self._guarded(self._run), methods=["POST"]),
        ]

    async def finish(self) -> None:
        """Wait for what was started by hand."""
        await asyncio.gather(*self._running)

    async def _status(self, _request: Request) -> Response:
        return JSONResponse({"state": "Running", "version": version("azure-functions-runtime"), "errors": []})

    async def _functions(self, _request: Request) -> Response:
        return JSONResponse(
            [{"name": one.name, "config": {"bindings": one.bindings}} for one in self._worker.functions.values()]
        )

    async def _run(self, request: Request) -> Response:
        function = self._worker.functions.get(request.path_params["name"])
        if function is None:
            return Response(status_code=404)
        try:
            given = _input(await request.body())
        except ValueError as error:
            return JSONResponse({"message": str(error)}, 400)
        if function.trigger_type == "blobtrigger" and not BLOB_PATH.fullmatch(given):
            return JSONResponse({"message": "The input of a blob trigger is container/name."}, 400)
        task = asyncio.create_task(self._call(function, given))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return Response(status_code=202)

    async def _call(self, function: Function, given: str) -> None:
        try:
            if function.trigger_type == "blobtrigger":
                await self._blobs.run_by_hand(function, given)
            else:
                await self._worker.invoke(function, _data(function, given))
        except FunctionFailedError:
            LOGGER.warning("%s was run by hand and failed.", function.name)
        except AzureError as error:
            LOGGER.warning("%s was to be run by hand, but the blob cannot be read: %s", function.name, error)

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def call(request: Request) -> Response:
            return await handler(request) if self._keys.open(request, "admin") else Response(status_code=401)

        return call


def _input(body: bytes) -> str:
    """Return the `input` of a request as text; raises ValueError where the body is no JSON object."""
    match json.loads(body or b"{}"):
        case {"input": str(value)}:
            return value
        case dict() as given:
            return json.dumps(given.get("input"))
        case _:
            raise ValueError('The body is a JSON object: {"input": ...}.')


def _data(function: Function, given: str) -> TypedData:
    if function.trigger_type == "timertrigger":
        return timer_data(function)
    if function.trigger_type == "httptrigger":
        body = TypedData(bytes=given.encode())
        return TypedData(http=PROTOS.RpcHttp(method="POST", url="", headers={}, params={}, query={}, body=body))
    return TypedData(json=given)
