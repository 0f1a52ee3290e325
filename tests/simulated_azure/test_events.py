"""The events that Azure Resource Manager publishes of its changes, on their way to a webhook."""

import contextlib
import time
from collections.abc import Iterator

import httpx
import pytest
from azure.core.exceptions import HttpResponseError

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import GROUP, Sdk, Workshop, create_template
from tests.simulated_azure.webhook import Webhook, eventually

NAME = "ubuntu-1"
RUN = "Microsoft.VirtualMachineImages/imageTemplates/run/action"
SUBSCRIPTIONS = "/_simulation/event-subscriptions"


class EventGrid:
    """The simulation's own interface to events, and actions that make some."""

    def __init__(self, http: httpx.Client, group: str) -> None:
        self._http = http
        self._templates = f"{group}/providers/Microsoft.VirtualMachineImages/imageTemplates"

    def subscribe(self, endpoint: str, *types: str) -> httpx.Response:
        return self._http.post(SUBSCRIPTIONS, json={"endpoint": endpoint, "eventTypes": types})

    def unsubscribe(self, **query: str) -> None:
        self._http.delete(SUBSCRIPTIONS, params=query)

    def subscriptions(self) -> list[dict[str, object]]:
        return self._http.get(SUBSCRIPTIONS).json()["eventSubscriptions"]

    def tell_when(self, moment: str) -> str:
        return self._http.post("/_simulation/events", json={"asynchronous": moment}).json()["asynchronous"]

    def published(self) -> list[str]:
        """The last words of the events' subjects."""
        events = self._http.get("/_simulation/events").json()["events"]
        return [event["subject"].rpartition("/")[2] for event in events]

    def fail_a_build(self) -> None:
        self._http.post("/_simulation/faults", json={"kind": "build", "times": 1})

    def refused_action(self, name: str) -> None:
        """Run a template that is not there."""
        answer = self._http.post(f"{self._templates}/{name}/run", params={"api-version": "2024-02-01"})
        assert answer.status_code == 404


@pytest.fixture
def grid(http: httpx.Client, subscription: str) -> Iterator[EventGrid]:
    grid = EventGrid(http, f"{subscription}/resourceGroups/{GROUP}")
    yield grid
    grid.unsubscribe()
    grid.tell_when("both")


@pytest.fixture
def webhook(grid: EventGrid) -> Iterator[Webhook]:
    """Subscribed to the ends of actions."""
    with Webhook() as hook:
        grid.subscribe(
            hook.url, *(f"Microsoft.Resources.ResourceAction{outcome}" for outcome in ("Success", "Failure", "Cancel"))
        )
        yield hook


@pytest.fixture
async def template(sdk: Sdk, workshop: Workshop) -> str:
    """Id of an image template that can be run."""
    return (await create_template(sdk, workshop.template(), NAME)).id


async def run(sdk: Sdk) -> None:
    poller = await sdk.builder.virtual_machine_image_templates.begin_run(GROUP, NAME)
    with contextlib.suppress(HttpResponseError):
        await poller.wait()


def runs(hook: Webhook) -> list[str]:
    """How the runs ended that the webhook was told of."""
    return [
        event["eventType"].rpartition("Action")[2] for event in hook.events if event["data"]["operationName"] == RUN
    ]


async def test_a_run_is_told_in_event_grids_schema_with_the_templates_id(
    sdk: Sdk, template: str, webhook: Webhook, simulated_azure: SimulatedAzure
) -> None:
    await run(sdk)
    eventually(lambda: runs(webhook), lambda found: found == ["Success", "Success"])
    event = webhook.events[-1]
    assert event["subject"].lower() == event["data"]["resourceUri"].lower() == template.lower()
    assert event["topic"] == f"/subscriptions/{sdk.subscription}"
    assert (event["dataVersion"], event["metadataVersion"]) == ("2", "1")
    data = event["data"]
    assert (data["status"], data["resourceProvider"]) == ("Succeeded", "Microsoft.VirtualMachineImages")
    assert (data["subscriptionId"], data["tenantId"]) == (sdk.subscription, simulated_azure.tenant_id)
    assert data["authorization"]["action"] == RUN
    assert data["httpRequest"]["method"] == "POST"
    headers = webhook.tries[-1][0]
    assert (headers["aeg-event-type"], headers["aeg-delivery-count"]) == ("Notification", "0")


@pytest.mark.parametrize(("moment", "outcome"), [("accepted", "Success"), ("ended", "Failure")])
async def test_it_is_a_knob_whether_a_run_is_told_when_it_is_accepted_or_when_it_ends(
    sdk: Sdk, template: str, webhook: Webhook, grid: EventGrid, moment: str, outcome: str
) -> None:
    assert grid.tell_when(moment) == moment
    grid.fail_a_build()
    await run(sdk)
    await run(sdk)
    assert eventually(lambda: runs(webhook), lambda found: len(found) >= 2) == [outcome, "Success"]


async def test_a_canceled_run_is_told_as_canceled(
    sdk: Sdk, template: str, webhook: Webhook, simulated_azure: SimulatedAzure
) -> None:
    simulated_azure.pace.build_seconds = 60
    await sdk.builder.virtual_machine_image_templates.begin_run(GROUP, NAME, polling=False)
    await sdk.builder.virtual_machine_image_templates.begin_cancel(GROUP, NAME, polling=False)
    eventually(lambda: runs(webhook), lambda found: found == ["Success", "Cancel"])


async def test_writes_and_deletions_are_events_and_readings_are_none(sdk: Sdk, grid: EventGrid) -> None:
    with Webhook() as hook:
        assert grid.subscribe(hook.url).status_code == 201
        await sdk.groups.resource_groups.create_or_update("rg-of-events", {"location": "westeurope"})
        await sdk.groups.resource_groups.get("rg-of-events")
        await (await sdk.groups.resource_groups.begin_delete("rg-of-events")).wait()
        eventually(hook.types, lambda types: types == ["WriteSuccess", "DeleteSuccess", "DeleteSuccess"])
        assert hook.events[0]["data"]["operationName"] == "Microsoft.Resources/subscriptions/resourceGroups/write"
        grid.unsubscribe(endpoint=hook.url)
    assert grid.subscriptions() == []


async def test_what_is_refused_is_told_as_a_failure(sdk: Sdk, webhook: Webhook, grid: EventGrid) -> None:
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    grid.refused_action("none")
    eventually(lambda: runs(webhook), lambda found: found == ["Failure"])


def test_an_endpoint_that_does_not_want_the_events_is_not_subscribed(grid: EventGrid) -> None:
    with Webhook() as hook:
        hook.echoes = False
        answer = grid.subscribe(hook.url)
    assert answer.status_code == 400
    assert "handshake" in answer.text
    assert "secret" not in answer.text
    assert grid.subscribe(hook.url).status_code == 400
    assert grid.subscribe("nowhere").status_code == 400
    assert grid.subscriptions() == []


async def test_an_event_waits_for_an_endpoint_that_is_away(
    sdk: Sdk, template: str, webhook: Webhook, grid: EventGrid
) -> None:
    webhook.status = 503
    await run(sdk)
    eventually(lambda: webhook.tries, lambda tries: len(tries) >= 2)
    assert [headers["aeg-delivery-count"] for headers, _ in webhook.tries[:2]] == ["0", "1"]
    webhook.status = 200
    eventually(lambda: runs(webhook), lambda found: found == ["Success", "Success"])
    eventually(grid.subscriptions, lambda found: found[0]["delivered"] == 2)
    assert "secret" not in str(grid.subscriptions())


async def test_an_event_that_is_refused_for_good_is_dropped(
    sdk: Sdk, template: str, webhook: Webhook, grid: EventGrid
) -> None:
    webhook.status = 404
    await run(sdk)
    eventually(grid.subscriptions, lambda found: found[0]["dropped"] == 2)
    assert len(webhook.tries) == 2


async def test_an_endpoint_that_is_gone_slows_nothing(
    sdk: Sdk, template: str, grid: EventGrid, simulated_azure: SimulatedAzure
) -> None:
    with Webhook() as hook:
        grid.subscribe(hook.url)
    began = time.monotonic()
    for number in range(50):
        await sdk.groups.resource_groups.create_or_update(f"rg-{number}", {"location": "westeurope"})
    assert time.monotonic() - began < 5
    with Webhook(hook.port) as back:
        eventually(lambda: len(back.events), lambda count: count == 50)
        grid.unsubscribe()


async def test_events_get_lost_come_late_again_and_out_of_order_as_asked_for(
    sdk: Sdk, webhook: Webhook, simulated_azure: SimulatedAzure, grid: EventGrid
) -> None:
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})

    def names() -> list[str]:
        return [event["subject"].rpartition("/")[2] for event in webhook.events]

    simulated_azure.clock.freeze()
    simulated_azure.faults.add("event-lost", path="/lost$")
    simulated_azure.faults.add("event-late", path="/late$", seconds=60)
    simulated_azure.faults.add("event-repeated", path="/repeated$")
    simulated_azure.faults.add("event-overtaken", path="/overtaken$", seconds=60)
    for name in ("lost", "late", "repeated", "overtaken", "next"):
        grid.refused_action(name)
    eventually(names, lambda found: found == ["repeated", "repeated", "repeated", "next", "overtaken"])
    assert len({event["id"] for event in webhook.events[:3]}) == 1
    simulated_azure.advance(61)
    eventually(names, lambda found: found[5:] == ["late"])
    grid.refused_action("overtaken")
    simulated_azure.advance(61)
    eventually(names, lambda found: found[6:] == ["overtaken"])
    assert grid.published()[-6:] == ["lost", "late", "repeated", "overtaken", "next", "overtaken"]


async def test_a_reset_forgets_the_events_and_keeps_the_subscriptions(
    sdk: Sdk, template: str, webhook: Webhook, simulated_azure: SimulatedAzure, grid: EventGrid
) -> None:
    webhook.status = 503
    await run(sdk)
    eventually(lambda: webhook.tries, bool)
    simulated_azure.reset()
    assert grid.published() == []
    assert len(grid.subscriptions()) == 1
    tries = len(webhook.tries)
    webhook.status = 200
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    grid.refused_action("next")
    eventually(lambda: webhook.events, bool)
    assert [event["subject"].rpartition("/")[2] for event in webhook.events] == ["next"]
    assert len(webhook.tries) <= tries + 2
