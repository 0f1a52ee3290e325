"""What can become of a request in a cloud that is not well: the table of troubles, and how each of them is served."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.simulated_azure.connections import await_disconnection, drop_connection


@dataclass(frozen=True)
class Trouble:
    """Whether Azure acts on the request, and what its caller gets instead of Azure's answer.

    That is `status`, with a code, a message and perhaps a Retry-After in seconds; without a status a closed connection,
    or, `silent`, nothing at all until the caller gives up.
    """

    name: str
    acts: bool = False
    status: int | None = None
    code: str = "InternalServerError"
    message: str = "Internal error occurred"
    retry_after: float | None = None
    silent: bool = False


THROTTLED = "The request was throttled: too many requests."
LATE = "The gateway did not receive a response within the specified time period."

# Each with its share: a caller waits half a minute before it takes silence for an answer.
SHARES = {
    Trouble("throttled", status=429, code="TooManyRequests", message=THROTTLED, retry_after=1): 12,
    Trouble("throttled for long", status=429, code="TooManyRequests", message=THROTTLED, retry_after=17): 4,
    Trouble("throttled without Retry-After", status=429, code="TooManyRequests", message=THROTTLED): 8,
    Trouble("internal error", status=500): 12,
    Trouble("internal error after acting", status=500, acts=True): 8,
    Trouble("bad gateway", status=502, code="BadGateway", message="The gateway got a bad answer."): 8,
    Trouble("unavailable", status=503, code="ServerBusy", message="The server is busy."): 12,
    Trouble("gateway time-out", status=504, code="GatewayTimeout", message=LATE): 8,
    Trouble("gateway time-out after acting", status=504, code="GatewayTimeout", message=LATE, acts=True): 8,
    Trouble("dropped before acting"): 10,
    Trouble("dropped after acting", acts=True): 10,
    Trouble("silent", silent=True): 1,
    Trouble("silent after acting", silent=True, acts=True): 1,
}
TROUBLES = {trouble.name: trouble for trouble in SHARES}


async def serve_in_trouble(
    trouble: Trouble | None,
    connection: tuple[Scope, Receive, Send],
    act: Callable[[], Awaitable[Response]],
    refuse: Callable[[Trouble], Response],
) -> None:
    """Serve one request; `act` does what is asked and gives Azure's answer, `refuse` makes the one of a trouble."""
    scope, receive, _ = connection
    if trouble is None:
        await (await act())(*connection)
        return
    if trouble.acts:
        await act()
    if trouble.status is not None:
        await refuse(trouble)(*connection)
    elif trouble.silent:
        await await_disconnection(receive)
    else:
        await drop_connection(scope, receive)
