"""Plugs typed HTTP handlers into the host; every error becomes a problem document (RFC 9457)."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from hosting.injection import arguments_for
from models.errors import AzureError, RequestRefused

LOGGER = logging.getLogger("image_bakery")


def register_http(app: df.DFApp, method: str, route: str, handler: Callable[..., Any]) -> None:
    """Register a handler at `/api/<route>`, under its own name.

    It gets the request and the durable client, and whatever shared service its signature asks for.
    """

    async def handle(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
        try:
            return await handler(**arguments_for(handler, request=req, client=client))
        except RequestRefused as refused:
            return _problem(refused)
        except AzureError as error:
            LOGGER.exception("%s /api/%s failed", method, route)
            return _problem(
                RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "Azure did not do what was asked", str(error))
            )

    handle.__name__ = handle.__qualname__ = handler.__name__
    handle.__doc__ = handler.__doc__
    app.route(route=route, methods=[method])(app.durable_client_input(client_name="client")(handle))


def _problem(refused: RequestRefused) -> func.HttpResponse:
    document = {
        "type": "about:blank",
        "title": refused.title,
        "status": int(refused.status),
        "detail": refused.detail,
        **refused.extra,
        **({"faults": [fault.to_payload() for fault in refused.faults]} if refused.faults else {}),
    }
    return func.HttpResponse(
        json.dumps(document, ensure_ascii=False), status_code=int(refused.status), mimetype="application/problem+json"
    )
