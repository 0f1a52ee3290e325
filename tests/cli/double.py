"""A double of the HTTP API, on a real socket: each look at a run is one record further in a script."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "a-function-key"


@dataclass
class HttpApi:
    """`script` are the answers to GET /api/runs/{id}, the last one for ever; a number is a bare HTTP status.

    `planned` is the answer to POST /api/plan.
    """

    script: list[Any] = field(default_factory=list[Any])
    refusal: tuple[int, dict[str, Any]] | None = None
    runs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    started: list[Any] = field(default_factory=list[Any])
    planned: dict[str, Any] = field(default_factory=dict[str, Any])
    images: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    uploads: dict[str, Any] = field(default_factory=dict[str, Any])
    leftovers: dict[str, Any] = field(default_factory=dict[str, Any])
    looks: int = 0
    sign_ins: set[str | None] = field(default_factory=set[str | None])
    url: str = ""

    async def start(self, request: Request) -> Response:
        if (refused := _without_key(request)) is not None:
            return refused
        self.started.append(await request.json())
        if self.refusal is not None:
            status, problem = self.refusal
            return JSONResponse(problem, status, media_type="application/problem+json")
        url = f"{self.url}/api/runs/a-run"
        return JSONResponse({"id": "a-run", "statusUrl": url}, 202, {"Location": url})

    async def plan(self, request: Request) -> Response:
        if (refused := _without_key(request)) is not None:
            return refused
        self.started.append(await request.json())
        return JSONResponse(self.planned)

    async def decide(self, request: Request) -> Response:
        self.sign_ins.add(request.headers.get("authorization"))
        if (refused := _without_key(request)) is not None:
            return refused
        self.started.append({"path": request.url.path, **await request.json()})
        if self.refusal is not None:
            status, problem = self.refusal
            return JSONResponse(problem, status, media_type="application/problem+json")
        return JSONResponse({"environment": request.path_params.get("environment"), "state": "Approved"})

    async def show(self, request: Request) -> Response:
        if (refused := _without_key(request)) is not None:
            return refused
        answer = self.script[min(self.looks, len(self.script) - 1)]
        self.looks += 1
        return Response(status_code=answer) if isinstance(answer, int) else JSONResponse(answer)

    async def list(self, request: Request) -> Response:
        return _without_key(request) or JSONResponse({"runs": self.runs[: int(request.query_params["limit"])]})

    async def show_images(self, request: Request) -> Response:
        return _without_key(request) or JSONResponse({"images": self.images})

    async def show_uploads(self, request: Request) -> Response:
        return _without_key(request) or JSONResponse(self.uploads)

    async def show_leftovers(self, request: Request) -> Response:
        return _without_key(request) or JSONResponse(self.leftovers)


def _without_key(request: Request) -> Response | None:
    return None if request.headers.get("x-functions-key") == KEY else Response(status_code=401)


@contextmanager
def served(api: HttpApi) -> Iterator[HttpApi]:
    """Serve the double on a port that the system chooses, in a thread of its own."""
    routes = [
        Route("/api/runs", api.start, methods=["POST"]),
        Route("/api/runs", api.list, methods=["GET"]),
        Route("/api/images", api.show_images, methods=["GET"]),
        Route("/api/uploads", api.show_uploads, methods=["GET"]),
        Route("/api/leftovers", api.show_leftovers, methods=["GET"]),
        Route("/api/plan", api.plan, methods=["POST"]),
        Route("/api/runs/{id}", api.show, methods=["GET"]),
        Route("/api/runs/{id}/approvals/{environment}", api.decide, methods=["POST"]),
        Route("/api/runs/{id}/cancel", api.decide, methods=["POST"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    api.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
