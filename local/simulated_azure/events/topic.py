"""The system topic: what becomes an event, what goes wrong on its way, and who gets it."""

import ssl
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx

from local.simulated_azure.arm.messages import ArmRequest, Json
from local.simulated_azure.clock import Agenda, Clock
from local.simulated_azure.events.event_subscription import EventSubscription
from local.simulated_azure.events.resource_event import KINDS, resource_event
from local.simulated_azure.faults import Faults

type Telling = Literal["accepted", "ended", "both"]

CAPACITY = 1000
LONGEST_DELIVERY_SECONDS = 30
COPIES_OF_REPEATED = 3
# How long an event that is to be overtaken waits for another one, unless the fault says how long.
SECONDS_TO_BE_OVERTAKEN = 1.0


class EventTopic:
    """Publishes an event for each change of a resource, to every subscription. It needs a running event loop."""

    def __init__(self, clock: Clock, agenda: Agenda, faults: Faults, tenant_id: str, ca_file: Path | None) -> None:
        self.telling: Telling = "both"
        """Whether the event of an asynchronous operation comes when it is accepted, when it has ended, or both."""
        self.published: deque[Json] = deque(maxlen=CAPACITY)
        """The newest events, oldest first, whatever became of them."""
        self._clock = clock
        self._agenda = agenda
        self._faults = faults
        self._tenant_id = tenant_id
        self._ca_file = ca_file
        self._subscriptions: dict[str, EventSubscription] = {}
        self._overtaken: list[Json] = []
        self._client: httpx.AsyncClient | None = None

    async def subscribe(self, endpoint: str, event_types: Iterable[str], topic: str) -> EventSubscription:
        """Let an endpoint have the events from now on; a second time changes the types that it wants.

        Raises:
            HandshakeFailedError: The endpoint does not want them.
        """
        subscription = EventSubscription(endpoint, event_types, self._http())
        await subscription.open(topic, self._clock.now())
        self.unsubscribe(endpoint)
        self._subscriptions[endpoint] = subscription
        return subscription

    def unsubscribe(self, endpoint: str | None = None) -> None:
        """Deliver no more to an endpoint, or to any; one that is not known is nothing."""
        for subscription in self.subscriptions():
            if endpoint in {None, subscription.endpoint}:
                self._subscriptions.pop(subscription.endpoint).close()

    def subscriptions(self) -> list[EventSubscription]:
        """All of them, oldest first."""
        return [*self._subscriptions.values()]

    def accepted(self, request: ArmRequest) -> None:
        """An asynchronous operation was begun by this request."""
        if self.telling != "ended":
            self.publish(request, "Succeeded")

    def ended(self, request: ArmRequest, status: str) -> None:
        """The asynchronous operation of this request has ended."""
        if self.telling != "accepted":
            self.publish(request, status)

    def publish(self, request: ArmRequest, status: str) -> None:
        """Publish the event of a change, unless a fault keeps it; reading is no event."""
        if request.method not in KINDS:
            return
        event = resource_event(request, status, self._tenant_id, self._clock.now())
        self.published.append(event)
        place = (event["subject"], request.method)
        if self._faults.take("event-lost", *place):
            return
        if self._faults.take("event-repeated", *place):
            for _ in range(COPIES_OF_REPEATED - 1):
                self._hand_out(event)
        late = self._faults.seconds("event-late", *place)
        if late:
            self._agenda.after(timedelta(seconds=late), lambda: self._hand_out(event))
        elif overtaking := self._faults.take("event-overtaken", *place):
            self._overtaken.append(event)
            self._agenda.after(timedelta(seconds=overtaking.seconds or SECONDS_TO_BE_OVERTAKEN), self._release)
        else:
            self._hand_out(event)
            self._release()

    def clear(self) -> None:
        """Forget the events, also those under way; the subscriptions stay."""
        self.published.clear()
        self._overtaken.clear()
        for subscription in self.subscriptions():
            subscription.forget()

    async def close(self) -> None:
        """End all deliveries."""
        self.unsubscribe()
        if self._client is not None:
            await self._client.aclose()

    def _release(self) -> None:
        overtaken, self._overtaken = self._overtaken, []
        for event in overtaken:
            self._hand_out(event)

    def _hand_out(self, event: Json) -> None:
        for subscription in self.subscriptions():
            subscription.take(event)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            trust = ssl.create_default_context(cafile=self._ca_file)
            self._client = httpx.AsyncClient(verify=trust, trust_env=False, timeout=LONGEST_DELIVERY_SECONDS)
        return self._client
