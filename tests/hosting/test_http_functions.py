"""Whatever happens in a handler, the caller gets an answer that says so, and in time."""

import asyncio
import json
from datetime import timedelta

import azure.functions as func
import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from hosting.http_functions import http_handle
from models.errors import AzureUnavailable, RequestRefused

REQUEST = func.HttpRequest("GET", "http://127.0.0.1/api/runs", body=b"")


async def answer_of(error: Exception | None) -> func.HttpResponse:
    async def handler(request: func.HttpRequest) -> func.HttpResponse:
        if error is None:
            await asyncio.Event().wait()
            return func.HttpResponse(request.method)
        raise error

    handle = http_handle(handler, "GET /api/runs", lambda: None, timedelta(milliseconds=50))
    return await handle(req=REQUEST, client=None)


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (RequestRefused(409, "A run is on", "Wait."), 409, "A run is on"),
        (AzureUnavailable("list records", "HTTP 503", "Out."), 503, "Azure did not do what was asked"),
        (AioRpcError(StatusCode.UNAVAILABLE, Metadata(), Metadata()), 503, "There was no answer in time"),
        (None, 503, "There was no answer in time"),
        (LookupError("a secret"), 500, "The app has a defect"),
    ],
)
async def test_a_handler_that_fails_or_waits_for_ever_is_answered_with_a_problem(error, status, title):
    answer = await answer_of(error)
    problem = json.loads(answer.get_body())
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (problem["status"], problem["title"]) == (status, title)
    assert problem["detail"]
    assert b"a secret" not in answer.get_body()
