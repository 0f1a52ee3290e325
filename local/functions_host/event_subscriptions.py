"""Subscribes the app's Event Grid triggers to the events of the simulated Azure, as a deployment does it in Azure."""

import logging
import os
import ssl
from typing import Any
from urllib.parse import urlencode

import httpx

from local.functions_host.keys import Keys
from local.functions_host.worker import FunctionsWorker

LOGGER = logging.getLogger("functions_host.events")
# Where the stack names the subscriptions of its simulated Azure; a host without it subscribes to nothing.
SUBSCRIPTIONS_URL = "LOCAL_EVENT_SUBSCRIPTIONS_URL"
# Writes and deletions come by the hundred, and no trigger asks for them.
EVENT_TYPES = [f"Microsoft.Resources.ResourceAction{outcome}" for outcome in ("Success", "Failure", "Cancel")]


class EventSubscriptions:
    """The subscriptions of one host: made when it is up, ended with it; one that is killed leaves them behind."""

    def __init__(self, worker: FunctionsWorker, url: str, keys: Keys) -> None:
        """`url` is the host's own address."""
        self._subscriptions_url = os.environ.get(SUBSCRIPTIONS_URL)
        self._endpoints = [
            f"{url}/runtime/webhooks/eventgrid?{urlencode({'functionName': function.name, 'code': keys.system})}"
            for function in worker.of_type("eventgridtrigger")
        ]

    async def subscribe(self) -> None:
        """Subscribe every trigger; the host must answer by now, for each is asked whether it wants the events."""
        for endpoint in self._endpoints:
            await self._ask("POST", json={"endpoint": endpoint, "eventTypes": EVENT_TYPES})

    async def unsubscribe(self) -> None:
        """End the subscriptions of this host, and no others."""
        for endpoint in self._endpoints:
            await self._ask("DELETE", params={"endpoint": endpoint})

    async def _ask(self, method: str, **request: Any) -> None:
        if self._subscriptions_url is None:
            return
        trust = ssl.create_default_context(cafile=os.environ["CA_BUNDLE"])
        try:
            async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
                (await client.request(method, self._subscriptions_url, **request)).raise_for_status()
        except httpx.HTTPError as error:
            # Without events the app still polls.
            LOGGER.warning("The events of the simulated Azure are not subscribed to: %s", error)
