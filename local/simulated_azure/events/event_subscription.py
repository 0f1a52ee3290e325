"""One webhook that gets the events: the handshake, and delivery at least once."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus

import httpx

from local.simulated_azure.arm.messages import Json
from local.simulated_azure.clock import timestamp
from local.simulated_azure.identifiers import new_guid

# Event Grid's number of tries. Its pauses are of 10 seconds to 12 hours; those here suit endpoints on one machine.
LONGEST_TRYING = 30
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
# Answers to which Event Grid makes no other try with a webhook.
FINAL_STATUSES = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
# What waits for an endpoint that is away; beyond that, the oldest is dropped.
LONGEST_QUEUE = 1000


class HandshakeFailedError(Exception):
    """The endpoint does not want the events; the message says what it answered."""


class EventSubscription:
    """An endpoint, the types of event that it wants (all if none is named), and how its deliveries went.

    Deliveries have a task of their own: whoever publishes never waits for an endpoint.
    """

    def __init__(self, endpoint: str, event_types: Iterable[str], client: httpx.AsyncClient) -> None:
        self.endpoint = endpoint
        self.event_types = [*event_types]
        self.delivered = 0
        self.dropped = 0
        self._name = f"simulated-{new_guid()[:8]}"
        self._client = client
        self._queue: asyncio.Queue[Json] = asyncio.Queue(LONGEST_QUEUE)
        self._task: asyncio.Task[None] | None = None

    async def open(self, topic: str, now: datetime) -> None:
        """Ask the endpoint whether it wants the events, and deliver them from then on.

        Raises:
            HandshakeFailedError: It did not send the code back.
        """
        code = new_guid()
        event = {
            "id": new_guid(),
            "topic": topic,
            "subject": "",
            "data": {"validationCode": code},
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": timestamp(now),
            "metadataVersion": "1",
            "dataVersion": "1",
        }
        try:
            answer = await self._post("SubscriptionValidation", event, 0)
            is_wanted = answer.is_success and answer.json().get("validationResponse") == code
            said = f"{answer.status_code} {answer.text[:200]}"
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            is_wanted, said = False, repr(error)
        if not is_wanted:
            raise HandshakeFailedError(f"Webhook validation handshake failed for {self._base_url}: {said}")
        self._task = asyncio.create_task(self._deliver())

    def take(self, event: Json) -> None:
        """Deliver the event some time from now, if its type is wanted."""
        if self.event_types and event["eventType"] not in self.event_types:
            return
        if self._queue.full():
            self._queue.get_nowait()
            self.dropped += 1
        self._queue.put_nowait(event)

    def forget(self) -> None:
        """Forget what is under way."""
        self.close()
        self._queue = asyncio.Queue(LONGEST_QUEUE)
        self._task = asyncio.create_task(self._deliver())

    def close(self) -> None:
        """Deliver nothing any more."""
        if self._task is not None:
            self._task.cancel()

    def shown(self) -> Json:
        """The subscription, without the endpoint's query: it holds a key."""
        return {
            "name": self._name,
            "endpointBaseUrl": self._base_url,
            "eventTypes": self.event_types,
            "delivered": self.delivered,
            "dropped": self.dropped,
            "waiting": self._queue.qsize(),
        }

    @property
    def _base_url(self) -> str:
        return self.endpoint.partition("?")[0]

    async def _deliver(self) -> None:
        while True:
            event = await self._queue.get()
            if await self._is_taken(event):
                self.delivered += 1
            else:
                self.dropped += 1

    async def _is_taken(self, event: Json) -> bool:
        """Try until the endpoint takes the event, refuses it for good, or has had its number of tries."""
        pause = FIRST_PAUSE_SECONDS
        for number in range(LONGEST_TRYING):
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._post("Notification", event, number)
                if answer.is_success or answer.status_code in FINAL_STATUSES:
                    return answer.is_success
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return False

    async def _post(self, kind: str, event: Json, tries_before: int) -> httpx.Response:
        headers = {
            "aeg-event-type": kind,
            "aeg-subscription-name": self._name.upper(),
            "aeg-delivery-count": str(tries_before),
            "aeg-data-version": event["dataVersion"],
            "aeg-metadata-version": event["metadataVersion"],
        }
        return await self._client.post(self.endpoint, json=[event], headers=headers)
