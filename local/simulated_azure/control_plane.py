"""The simulation's own interface, under `/_simulation` on the port of Azure Resource Manager; without authentication.

`GET`, `DELETE requests`; `GET requests/counted`; `GET`, `POST`, `DELETE faults`; `GET`, `POST clock`;
`GET`, `POST pace`; `GET`, `POST principal`; `GET operator`; `POST baseline`; `POST reset`; `GET`, `POST events`;
`GET`, `POST`, `DELETE event-subscriptions`.
"""

from datetime import timedelta

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from local.simulated_azure import tokens
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.events.control import event_routes
from local.simulated_azure.faults import Fault

MANAGEMENT = "https://management.azure.com"


def control_plane(azure: Azure) -> Starlette:  # noqa: C901  # one small function per address
    """The application."""

    async def requests(request: Request) -> JSONResponse:
        if request.method == "DELETE":
            azure.requests.clear()
        query = request.query_params
        return JSONResponse({"requests": azure.requests.matching(query.get("method", ""), query.get("path", ""))})

    async def counted(_: Request) -> JSONResponse:
        return JSONResponse(azure.requests.counted)

    async def faults(request: Request) -> JSONResponse:
        if request.method == "DELETE":
            azure.faults.clear()
        if request.method == "POST":
            try:
                azure.faults.keep(Fault.model_validate_json(await request.body()))
            except ValidationError as fault:
                return JSONResponse({"errors": fault.errors(include_url=False, include_context=False)}, 400)
        return JSONResponse({"faults": [fault.model_dump(mode="json", by_alias=True) for fault in azure.faults.all()]})

    async def clock(request: Request) -> JSONResponse:
        if request.method == "POST":
            wish = await request.json()
            if "frozen" in wish:
                (azure.clock.freeze if wish["frozen"] else azure.clock.thaw)()
            azure.clock.advance(timedelta(seconds=wish.get("advanceSeconds", 0)))
            await azure.agenda.run_due()
        return JSONResponse({"now": timestamp(azure.clock.now())})

    async def pace(request: Request) -> JSONResponse:
        if request.method == "POST":
            wish = await request.json()
            azure.pace.build_seconds = wish.get("buildSeconds", azure.pace.build_seconds)
            azure.pace.operation_scale = wish.get("operationScale", azure.pace.operation_scale)
        return JSONResponse(
            {"buildSeconds": azure.pace.build_seconds, "operationScale": azure.pace.operation_scale},
        )

    async def principal(request: Request) -> JSONResponse:
        if request.method == "POST":
            wish = await request.json()
            (azure.owners.add if wish["isOwner"] else azure.owners.discard)(azure.app_principal_id)
        return JSONResponse(
            {
                "isOwner": azure.app_principal_id in azure.owners,
                "principalId": azure.app_principal_id,
                "clientId": azure.app_client_id,
                "tenantId": azure.tenant_id,
                "subscriptions": azure.subscriptions,
            },
        )

    async def operator(_: Request) -> JSONResponse:
        who = azure.operator_principal_id
        return JSONResponse({"token": tokens.issue(azure.tenant_id, who, who, MANAGEMENT)[0]})

    async def baseline(_: Request) -> JSONResponse:
        azure.keep_baseline()
        return JSONResponse({})

    async def reset(_: Request) -> JSONResponse:
        await azure.reset()
        return JSONResponse({})

    routes = [
        Route("/requests", requests, methods=["GET", "DELETE"]),
        Route("/requests/counted", counted),
        Route("/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/clock", clock, methods=["GET", "POST"]),
        Route("/pace", pace, methods=["GET", "POST"]),
        Route("/principal", principal, methods=["GET", "POST"]),
        Route("/operator", operator),
        Route("/baseline", baseline, methods=["POST"]),
        Route("/reset", reset, methods=["POST"]),
        *event_routes(azure),
    ]
    return Starlette(routes=[Mount("/_simulation", routes=routes)])
