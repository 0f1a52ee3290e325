"""Plugs typed HTTP handlers into the host; every error becomes a problem document (RFC 9457)."""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from grpc.aio import AioRpcError

from hosting.injection import arguments_for
from hosting.naming import named_after
from models.errors import AzureError, RequestRefused
from models.problem import Problem
from models.subject import Subject
from telemetry.spans import at_work
from triggers.people import admission
from triggers.routes import route_of

LOGGER = logging.getLogger("image_bakery")
# Each call to Azure gives up earlier by itself (`CALL_TIMEOUTS`); the durable client would wait for ever.
LONGEST_ANSWER = timedelta(seconds=60)
DEFECT = "What was asked may have been done in part. The log of the app tells more."


def register_http(app: df.DFApp, method: str, route: str, handler: Callable[..., Any]) -> None:
    """Register a handler at `/api/<route>`, under its own name, for those who may use the route.

    Raises KeyError where the route is not described in `triggers.routes`.
    """
    admit = admission(route_of(method, route).role)
    handle = named_after(handler, http_handle(handler, f"{method} /api/{route}", admit))
    app.route(route=route, methods=[method])(app.durable_client_input(client_name="client")(handle))


def http_handle(
    handler: Callable[..., Any],
    operation: str,
    admit: Callable[..., None],
    longest_answer: timedelta = LONGEST_ANSWER,
) -> Callable[..., Any]:
    """Return what the host calls for a handler: request and durable client in, an answer out, whatever happens.

    The handler gets what its signature asks for: these two, and shared services. So does `admit`, which refuses a
    request of someone who may not send it before the handler sees it.
    """

    async def handle(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        try:
            with at_work(handler.__name__, Subject()):
                async with asyncio.timeout(longest_answer.total_seconds()):
                    admit(**arguments_for(admit, request=req))
                    return await handler(**arguments_for(handler, request=req, client=client))
        except RequestRefused as refused:
            return _problem(refused)
        except AzureError as error:
            LOGGER.exception("%s failed", operation)
            return _problem(
                RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "Azure did not do what was asked", str(error))
            )
        except (TimeoutError, AioRpcError):
            LOGGER.exception("%s had no answer in time", operation)
            return _problem(
                RequestRefused(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "There was no answer in time",
                    "The durable engine or Azure did not answer. A start that was asked for may still come to be: "
                    "look at the list of runs before it is repeated.",
                )
            )
        except Exception:
            LOGGER.exception("%s came upon a defect", operation)
            return _problem(RequestRefused(HTTPStatus.INTERNAL_SERVER_ERROR, "The app has a defect", DEFECT))

    return handle


def _problem(refused: RequestRefused) -> func.HttpResponse:
    told = {"title": refused.title, "status": refused.status, "detail": refused.detail, **refused.extra}
    document = Problem.model_validate({**told, "faults": refused.faults or None}).to_document()
    return func.HttpResponse(
        json.dumps(document, ensure_ascii=False), status_code=int(refused.status), mimetype="application/problem+json"
    )
