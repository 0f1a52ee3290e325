"""The webhooks that Event Grid delivers to: `/runtime/webhooks/eventgrid` and `/runtime/webhooks/blobs`."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.functions_host.blob_triggers import BlobTriggers
from local.functions_host.keys import Keys
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

TEXTS = ("id", "topic", "subject", "eventType", "eventTime", "dataVersion", "metadataVersion")
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


class EventWebhooks:
    """The two webhooks; they take nothing without the system key."""

    def __init__(self, worker: FunctionsWorker, blobs: BlobTriggers, keys: Keys) -> None:
        self._worker = worker
        self._blobs = blobs
        self._keys = keys

    def routes(self) -> list[Route]:
        """Return the routes of the webhooks."""
        return [
            Route(f"/runtime/webhooks/{name}", self._delivery_to(trigger_type), methods=["POST", "OPTIONS"])
            for name, trigger_type in (("eventgrid", "eventgridtrigger"), ("blobs", "blobtrigger"))
        ]

    def _delivery_to(self, trigger_type: str) -> Callable[[Request], Awaitable[Response]]:
        async def deliver(request: Request) -> Response:
            return await self._deliver(request, trigger_type)

        return deliver

    async def _deliver(self, request: Request, trigger_type: str) -> Response:
        if not self._keys.open(request, "system"):
            return Response(status_code=401)
        name = request.query_params.get("functionName", "").removeprefix("Host.Functions.")
        function = self._worker.functions.get(name)
        if function is None or function.trigger_type != trigger_type:
            return Response(status_code=404)
        return await self._take(function, request)

    async def _take(self, function: Function, request: Request) -> Response:
        if request.method == "OPTIONS":
            # The handshake of CloudEvents' webhooks.
            origin = request.headers.get("webhook-request-origin", "")
            return Response(headers={"WebHook-Allowed-Origin": origin})
        try:
            events = _events(await request.body())
        except ValueError:
            return Response(status_code=400)
        handshake = next((event for event in events if event.get("eventType") == VALIDATION), None)
        if handshake is not None:
            code = _validation_code(handshake)
            return JSONResponse({"validationResponse": code}) if code else Response(status_code=400)
        try:
            for event in events:
                await self._hand_over(function, event)
        except FunctionFailedError:
            return Response(status_code=500)
        return Response(status_code=202)

    async def _hand_over(self, function: Function, event: dict[str, Any]) -> None:
        if function.trigger_type == "blobtrigger":
            await self._blobs.on_event(function, event)
        else:
            await self._worker.invoke(function, TypedData(json=json.dumps(event)))


def _validation_code(handshake: dict[str, Any]) -> str | None:
    data = handshake.get("data")
    code = data.get("validationCode") if isinstance(data, dict) else None
    return code if isinstance(code, str) else None


def _events(body: bytes) -> list[dict[str, Any]]:
    """Return the events of a delivery, one or many; raises ValueError where something is none."""
    found = json.loads(body)
    events = found if isinstance(found, list) else [found]
    for event in events:
        texts = [event.get(name, "") for name in TEXTS] if isinstance(event, dict) else [None]
        if not all(isinstance(text, str) for text in texts):
            message = "An event is a JSON object, with texts where Event Grid's schema has them."
            raise ValueError(message)
        datetime.fromisoformat(event.get("eventTime", "2000-01-01"))
    return events
