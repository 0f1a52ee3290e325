"""Asynchronous operations: their opaque addresses and the two ways in which clients follow them.

`Azure-AsyncOperation` always answers 200 with a status; `Location` answers 202 until there is a result.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.clock import Clock, timestamp
from local.simulated_azure.identifiers import new_guid


@dataclass
class Operation:
    """One long-running change, from its acceptance to its end."""

    guid: str
    path: str
    """Without query: `/subscriptions/{id}/providers/{namespace}/locations/{location}/{kind}/{guid}`."""
    started: datetime
    request: ArmRequest
    """That began it."""
    tell: Callable[[ArmRequest, str], None]
    """Called with the request and the status when it ends."""
    status: str = "InProgress"
    ended: datetime | None = None
    error: Json | None = None
    result: Any = None
    """What the `Location` address answers at the end; None: 204 without a body."""

    def end(self, status: str, now: datetime, *, error: Json | None = None, result: Any = None) -> None:
        """Finish as `Succeeded`, `Failed` or `Canceled`."""
        self.status, self.ended, self.error, self.result = status, now, error, result
        self.tell(self.request, status)

    def status_body(self) -> Json:
        """The body of the `Azure-AsyncOperation` address."""
        body: Json = {"name": self.guid.upper(), "status": self.status, "startTime": timestamp(self.started)}
        if self.ended:
            body["endTime"] = timestamp(self.ended)
        if self.error:
            body["error"] = self.error
        return body


class Operations:
    """All operations that were ever begun, by their guid."""

    def __init__(self, clock: Clock, tell: Callable[[ArmRequest, str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._by_guid: dict[str, Operation] = {}

    def begin(self, request: ArmRequest, place: str) -> Operation:
        """Begin one whose address lies at `place`, such as `providers/Microsoft.Compute/locations/x/capsOperations`."""
        guid = new_guid()
        path = f"/subscriptions/{request.subscription_id}/{place}/{guid}"
        operation = Operation(guid, path, self._clock.now(), request, self._tell)
        self._by_guid[guid] = operation
        return operation

    def read(self, request: ArmRequest) -> ArmResponse:
        """Answer the address of an operation, in the way that the address asks for.

        Raises:
            ArmError: 404 for an operation that never was.
        """
        operation = self._by_guid.get(request.route["operation"].lower())
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"The operation '{request.route['operation']}' was not found.")
        if request.query.get("monitor") != "true":
            return ArmResponse(200, operation.status_body())
        if operation.status == "InProgress":
            return ArmResponse(202, None, {"Location": address(operation, request, monitor=True)})
        if operation.error:
            return ArmResponse(409, {"error": operation.error})
        return ArmResponse(204) if operation.result is None else ArmResponse(200, operation.result)

    def clear(self) -> None:
        """Forget all of them."""
        self._by_guid.clear()


def address(operation: Operation, request: ArmRequest, *, monitor: bool = False) -> str:
    """The operation's full address; its query is long, signed and nobody's business."""
    digest = hashlib.sha512(operation.guid.encode()).hexdigest()
    kind = "&monitor=true" if monitor else ""
    signature = f"&t={int(operation.started.timestamp())}&c={digest * 16}&s={digest[:86]}&h={digest[-43:]}"
    return f"{request.origin}{operation.path}?api-version={request.api_version}{kind}{signature}"
