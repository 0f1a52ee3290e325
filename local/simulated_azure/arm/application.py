"""The ASGI application of Azure Resource Manager: what every request is checked for, the provider's answer, the log."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.simulated_azure import tokens
from local.simulated_azure.access.actions import linked_actions, needed_action
from local.simulated_azure.access.refusals import refuse_unauthorized
from local.simulated_azure.arm.api_versions import refuse_unknown_api_version
from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse
from local.simulated_azure.arm.resources import missing
from local.simulated_azure.arm.routing import Route, Router
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.request_log import log_entry, request_headers
from local.simulated_azure.troubles import Trouble, serve_in_trouble

_logger = logging.getLogger(__name__)


class ResourceManager:
    """Serves `/subscriptions/...` and the like; what begins with `/_simulation` goes to `control_plane`."""

    def __init__(self, azure: Azure, router: Router, control_plane: ASGIApp) -> None:
        self._azure = azure
        self._router = router
        self._control_plane = control_plane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["path"].startswith("/_simulation"):
            await self._control_plane(scope, receive, send)
            return
        request = Request(scope, receive)
        body = _json(await request.body())
        await self._azure.agenda.run_due()

        method, path = request.method, request.url.path
        self._azure.requests.count("arm", method)
        faults = self._azure.faults
        if delay := faults.seconds("delay", path, method):
            try:
                await asyncio.sleep(delay)
            except asyncio.CancelledError:
                return  # The simulation is being stopped; whoever waited for this answer is gone.
        await serve_in_trouble(
            faults.trouble(path, method),
            (scope, receive, send),
            lambda: self._answer_and_log(request, body),
            lambda trouble: self._refuse_and_log(request, body, trouble),
        )

    async def _answer_and_log(self, request: Request, body: Any) -> Response:
        return self._logged(request, body, await self._answer(request, body))

    def _refuse_and_log(self, request: Request, body: Any, trouble: Trouble) -> Response:
        headers = {} if trouble.retry_after is None else {"Retry-After": f"{trouble.retry_after:g}"}
        refusal = ArmError(trouble.status or 500, trouble.code, trouble.message, headers).response()
        # Of a request on which Azure acted the log tells what Azure answered, whatever its caller got.
        return _render(refusal, request.headers) if trouble.acts else self._logged(request, body, refusal)

    def _hide(self, request: ArmRequest) -> None:
        seconds = self._azure.faults.seconds("hidden-after-put", request.path) if request.method == "PUT" else 0
        if seconds:
            self._azure.hidden_until[request.path.lower()] = self._azure.clock.now() + timedelta(seconds=seconds)

    def _refuse_hidden(self, request: ArmRequest) -> None:
        until = self._azure.hidden_until.get(request.path.lower())
        if request.method == "GET" and until is not None and self._azure.clock.now() < until:
            raise missing(request.resource_id)

    async def _answer(self, request: Request, body: Any) -> ArmResponse:
        try:
            route, message = self._read(request, body)
            self._refuse_hidden(message)
            response = await self._handle(route, message)
        except ArmError as refusal:
            return refusal.response()
        except Exception as fault:
            # A defect of the simulation must be seen as one, in the answer as well as on standard error.
            _logger.exception("The simulation failed at %s %s", request.method, request.url.path)
            return ArmError(500, "SimulationDefect", f"The simulation failed: {fault!r}").response()
        self._hide(message)
        return response

    async def _handle(self, route: Route, request: ArmRequest) -> ArmResponse:
        """Let the provider answer, and publish the event of it."""
        azure = self._azure
        try:
            response = await route.handler(azure, request)
        except ArmError:
            azure.events.publish(request, "Failed")
            raise
        if response.headers.keys() & {"Azure-AsyncOperation", "Location"}:
            azure.events.accepted(request)
        else:
            azure.events.publish(request, "Succeeded")
        return response

    def _read(self, request: Request, body: Any) -> tuple[Route, ArmRequest]:
        """The checks that come before any provider."""
        path = re.sub("/{2,}", "/", request.url.path)
        caller = tokens.caller(request.headers.get("authorization", ""))
        refuse_unknown_api_version(path, request.query_params.get("api-version", ""))
        if request.method in {"PUT", "PATCH"} and not isinstance(body, dict):
            raise ArmError(400, "InvalidRequestContent", "The request content was invalid: a JSON object is needed.")
        found = self._router.find(request.method, path)
        if found is None:
            raise self._unknown(request.method, path)
        route, names = found
        message = ArmRequest(
            request.method,
            path,
            dict(request.query_params),
            body,
            names,
            route.template.format(**names).replace("//", "/"),
            caller,
            f"{request.url.scheme}://{request.headers['host']}",
        )
        self._refuse_unknown_surroundings(message, route)
        return route, message

    def _unknown(self, method: str, path: str) -> ArmError:
        known = self._router.methods(path)
        hint = f" It knows {', '.join(known)} there." if known else ""
        return ArmError(501, "NotSimulated", f"The simulated Azure does not know {method} {path}.{hint}")

    def _refuse_unknown_surroundings(self, request: ArmRequest, route: Route) -> None:
        subscription, azure = request.subscription_id.lower(), self._azure
        if subscription and subscription not in [known.lower() for known in azure.subscriptions]:
            raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        refuse_unauthorized(azure, request)
        if (subscription, route.provider.lower()) in azure.unregistered:
            raise ArmError(
                409,
                "MissingSubscriptionRegistration",
                f"The subscription is not registered to use namespace '{route.provider}'. "
                "See https://aka.ms/rps-not-found for how to register subscriptions.",
            )
        group_id = _group_inside(request.path)
        if group_id is None:
            return
        group = azure.resources.get(group_id)
        if group.state == "Deleting" and request.method in {"PUT", "POST", "PATCH"}:
            raise ArmError(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation.",
            )

    def _logged(self, request: Request, body: Any, answer: ArmResponse) -> Response:
        response = _render(answer, request.headers)
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        method, path = request.method, request.url.path
        own = needed_action(method, path)
        needs = [*([own] if own else []), *linked_actions(method, path, body)]
        self._azure.requests.add(
            log_entry(
                timestamp(self._azure.clock.now()),
                request.method,
                url,
                {"headers": request_headers(request.headers), "body": body},
                {
                    "status": response.status_code,
                    "headers": dict(response.headers),
                    # Read back from the wire: the resources themselves change later.
                    "body": _json(bytes(response.body)),
                },
                needs,
            )
        )
        return response


def _group_inside(path: str) -> str | None:
    """The id of the resource group that the path goes beyond."""
    inside = re.match("(/subscriptions/[^/]+/resourceGroups/[^/]+)/.+", path, re.IGNORECASE)
    return inside.group(1) if inside else None


def _json(content: bytes) -> Any:
    """The body, or its text where it is no JSON (the log shows what came)."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _render(response: ArmResponse, request_headers: Mapping[str, str]) -> Response:
    """The HTTP response, with the headers that every answer of Azure Resource Manager carries."""
    content = b"" if response.body is None else json.dumps(response.body).encode()
    rendered = Response(content, response.status)
    headers = MutableHeaders(raw=rendered.raw_headers)
    if response.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    guid = new_guid()
    headers["x-ms-request-id"] = guid
    headers["x-ms-correlation-request-id"] = request_headers.get("x-ms-correlation-request-id", guid)
    headers["x-ms-client-request-id"] = request_headers.get("x-ms-client-request-id", guid)
    headers["Cache-Control"] = "no-cache"
    headers.update(response.headers)
    return rendered
