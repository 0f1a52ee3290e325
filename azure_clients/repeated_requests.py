"""Repeats what Azure did not answer, at once and twice at most: reads, and what makes a thing only if it is not there.

The SDK's own retries repeat writes too, and wait for as long as Azure says. But a question that needs a dozen reads
would hardly ever be answered whole if each of them had one try.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, override

from azure.core.exceptions import (
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy
from azure.mgmt.core.exceptions import ARMErrorFormat
from azure.storage.blob.aio import ExponentialRetry

type Request = PipelineRequest[Any]
type Response = PipelineResponse[Any, Any]

READS = {"GET", "HEAD"}
# Seconds. What does not pass within them is waited for by the durable engine, which holds nothing meanwhile.
PAUSES = (0.2, 0.8)
LONGEST_PAUSE = 1.0
PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
BROKEN_CONNECTION = (ServiceRequestError, ServiceResponseError)
# Whoever waited so long for an answer asks no second time.
GIVEN_UP = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)


class RepeatedRequests(AsyncHTTPPolicy[Any, Any]):
    """Stands in the place of the retries of an Azure Resource Manager client.

    A conflict ends here: the SDK would register a resource provider by itself, wait for it without a bound, and then
    write what may be out of date.
    """

    @override
    async def send(self, request: Request) -> Response:
        answer = await _send(request, self.next.send)
        if answer.http_response.status_code == HTTPStatus.CONFLICT:
            await answer.http_response.read()
            raise HttpResponseError(response=answer.http_response, error_format=ARMErrorFormat)
        return answer


class RepeatedBlobRequests(ExponentialRetry):
    """Stands in the place of the retries of a blob client, which expects more of them than retries."""

    def __init__(self) -> None:
        super().__init__(retry_total=0)

    @override
    async def send(self, request: Request) -> Response:
        return await _send(request, super().send)


async def _send(request: Request, send: Callable[[Request], Awaitable[Any]]) -> Response:
    """Send a request; again while its connection breaks or Azure is in trouble, up to three times in all, if it may be.

    Of a repeated creation the second one is refused where the first one succeeded: whoever asks for one knows that.
    """
    asked_for = request.http_request
    is_repeatable = asked_for.method in READS or asked_for.headers.get("If-None-Match") == "*"
    for pause in PAUSES if is_repeatable else ():
        try:
            answer = await send(request)
        except GIVEN_UP:
            raise
        except BROKEN_CONNECTION:
            await asyncio.sleep(pause)
            continue
        asked = _asked_pause(answer.http_response)
        if answer.http_response.status_code not in PASSING or asked > LONGEST_PAUSE:
            return answer
        # The body of a refused download was not read: its connection would stay taken.
        answer.http_response.internal_response.release()
        await asyncio.sleep(max(pause, asked))
    return await send(request)


def _asked_pause(response: Any) -> float:
    """Return the seconds for which Azure asks not to be asked; a date is longer than we wait here."""
    try:
        return float(response.headers.get("Retry-After", "0"))
    except ValueError:
        return float("inf")
