"""Serves the app's HTTP triggers, with the keys that each asks for."""

import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.functions_host.keys import Keys
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import PROTOS, TypedData

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# `{*rest}` takes the rest of the path; constraints such as `{id:int}` are ASP.NET's and not held to here.
PARAMETER = re.compile(r"\{(\*?)(\w+)[^}]*\}")


def http_routes(worker: FunctionsWorker, keys: Keys, prefix: str) -> list[Route]:
    """Return a route for each HTTP trigger of the app; `prefix` is `extensions.http.routePrefix` of host.json."""
    return [_route(worker, function, keys, prefix) for function in worker.of_type("httptrigger")]


def _route(worker: FunctionsWorker, function: Function, keys: Keys, prefix: str) -> Route:
    trigger = function.trigger
    path = PARAMETER.sub(_parameter, trigger.get("route") or function.name)
    methods = [method.upper() for method in trigger.get("methods") or ALL_METHODS]
    level = trigger.get("authLevel") or "function"

    async def call(request: Request) -> Response:
        if not keys.open(request, level):
            return Response(status_code=401)
        try:
            answer = await worker.invoke(function, await _http_data(request))
        except FunctionFailedError:
            return Response(status_code=500)
        return _response(answer)

    route = Route("/".join(("", *filter(None, (prefix, path.lstrip("/"))))), call, methods=methods)
    # ASP.NET's routing does not care about case.
    route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)
    return route


def _parameter(found: re.Match[str]) -> str:
    """Return a parameter of a route in Starlette's words."""
    return f"{{{found[2]}:path}}" if found[1] else f"{{{found[2]}}}"


async def _http_data(request: Request) -> TypedData:
    return TypedData(
        http=PROTOS.RpcHttp(
            method=request.method,
            # As it was asked for: Starlette's own has the path decoded.
            url=str(request.url.replace(path=request.scope["raw_path"].decode("ascii"))),
            headers=_joined(request.headers.items()),
            params={name: str(value) for name, value in request.path_params.items()},
            query=_joined(request.query_params.multi_items()),
            body=TypedData(bytes=await request.body()),
        )
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return values by name; those of a name that comes again are joined by commas, as the real host hands them on."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _response(answer: Any) -> Response:
    if answer is None:
        return Response(status_code=204)
    if answer.kind != "http":
        return Response(answer.value, media_type="text/plain")
    http = answer.http
    body = http.body.value if http.body is not None else b""
    return Response(body, status_code=int(http.status_code), headers=dict(http.headers))
