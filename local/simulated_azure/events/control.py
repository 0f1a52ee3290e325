"""What the simulation's own interface tells of events: `events` and `event-subscriptions`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.simulated_azure.azure import Azure
from local.simulated_azure.events.event_subscription import HandshakeFailedError


class _Wish(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class _Subscription(_Wish):
    endpoint: str = Field(pattern="^https?://")
    event_types: list[str] = []


class _Telling(_Wish):
    asynchronous: Literal["accepted", "ended", "both"]


def event_routes(azure: Azure) -> list[Route]:
    """The routes, below `/_simulation`."""

    async def events(request: Request) -> JSONResponse:
        if request.method == "POST":
            try:
                azure.events.telling = _Telling.model_validate_json(await request.body()).asynchronous
            except ValidationError as fault:
                return _refusal(fault)
        return JSONResponse({"asynchronous": azure.events.telling, "events": [*azure.events.published]})

    async def event_subscriptions(request: Request) -> JSONResponse:
        if request.method == "DELETE":
            azure.events.unsubscribe(request.query_params.get("endpoint"))
        if request.method == "POST":
            try:
                wish = _Subscription.model_validate_json(await request.body())
                topic = f"/subscriptions/{azure.subscriptions[0]}"
                made = await azure.events.subscribe(wish.endpoint, wish.event_types, topic)
            except ValidationError as fault:
                return _refusal(fault)
            except HandshakeFailedError as failed:
                return JSONResponse({"errors": [{"msg": str(failed)}]}, 400)
            return JSONResponse(made.shown(), 201)
        return JSONResponse({"eventSubscriptions": [one.shown() for one in azure.events.subscriptions()]})

    return [
        Route("/events", events, methods=["GET", "POST"]),
        Route("/event-subscriptions", event_subscriptions, methods=["GET", "POST", "DELETE"]),
    ]


def _refusal(fault: ValidationError) -> JSONResponse:
    return JSONResponse({"errors": fault.errors(include_url=False, include_context=False)}, 400)
