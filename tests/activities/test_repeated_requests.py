"""Reads that Azure does not answer are repeated at once, within a bound; writes never are."""

import pytest

from activities.image_templates import get_image_template
from activities.infrastructure import create_or_update_resource_group
from azure_clients import own_blobs
from local.simulated_azure.troubles import TROUBLES
from models.errors import AzureUnavailable
from models.resources import ImageTemplateReference, ProvisioningState, ResourceGroup
from tests.conftest import SUBSCRIPTION

TEMPLATE = ImageTemplateReference(subscription_id=SUBSCRIPTION, resource_group="rg", name="lin-1")
GROUP = ResourceGroup(subscription_id=SUBSCRIPTION, name="rg", location="westeurope")
# What a client waits half a minute for is another matter.
ANSWERED = [name for name, trouble in TROUBLES.items() if not trouble.silent]
ASKS_FOR_LONG = "throttled for long"


def calls(simulated_azure, method):
    return simulated_azure.requests.counted[f"arm {method}"]


@pytest.mark.parametrize("trouble", [name for name in ANSWERED if name != ASKS_FOR_LONG])
async def test_a_read_is_repeated_twice_whatever_the_trouble(azure, simulated_azure, trouble):
    simulated_azure.faults.add("trouble", path="^/subscriptions/", troubles=[trouble], times=2)
    assert (await get_image_template(azure, TEMPLATE)).state is ProvisioningState.ABSENT
    assert calls(simulated_azure, "GET") == 3


async def test_a_read_that_is_never_answered_is_given_back_to_the_durable_engine(azure, simulated_azure):
    simulated_azure.faults.add("trouble", path="^/subscriptions/", troubles=["unavailable"])
    with pytest.raises(AzureUnavailable, match="ServerBusy"):
        await get_image_template(azure, TEMPLATE)
    assert calls(simulated_azure, "GET") == 3


async def test_a_pause_that_azure_asks_for_is_left_to_the_durable_engine_if_it_is_long(azure, simulated_azure):
    simulated_azure.faults.add("trouble", path="^/subscriptions/", troubles=[ASKS_FOR_LONG], times=1)
    with pytest.raises(AzureUnavailable, match="TooManyRequests"):
        await get_image_template(azure, TEMPLATE)
    assert calls(simulated_azure, "GET") == 1


@pytest.mark.parametrize("trouble", [name for name in ANSWERED if TROUBLES[name].status])
async def test_a_write_is_not_repeated(azure, simulated_azure, trouble):
    simulated_azure.faults.add("trouble", path="^/subscriptions/", troubles=[trouble], times=1)
    with pytest.raises(AzureUnavailable):
        await create_or_update_resource_group(azure, GROUP)
    assert calls(simulated_azure, "PUT") == 1


async def test_a_blob_is_read_again(behind_a_front):
    azure, front = behind_a_front
    assert await own_blobs.put_once(azure, "front/a", b"1", "text/plain")
    front.faults.add("trouble", method="GET", troubles=["unavailable", "dropped before acting"], times=2)
    assert await own_blobs.read(azure, "front/a") == b"1"
    assert sum(count for name, count in front.requests.counted.items() if name.endswith("/records GET")) == 3


@pytest.mark.parametrize("trouble", [name for name in ANSWERED if name != ASKS_FOR_LONG])
async def test_a_blob_that_is_written_once_is_written_at_once_whatever_the_trouble(behind_a_front, trouble):
    azure, front = behind_a_front
    await own_blobs.make_container(azure)
    front.faults.add("trouble", method="PUT", troubles=[trouble], times=2)
    await own_blobs.put_once(azure, "front/c", b"1", "text/plain")
    assert not await own_blobs.put_once(azure, "front/c", b"1", "text/plain")
    assert await own_blobs.read(azure, "front/c") == b"1"
