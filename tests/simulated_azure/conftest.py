"""Clients of the Azure SDK, and a workshop in which templates can be built."""

import ssl
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import Sdk, Workshop, open_sdk, open_workshop


@pytest.fixture
async def sdk(simulated_azure: SimulatedAzure, app_identity: None) -> AsyncIterator[Sdk]:
    async with open_sdk(simulated_azure) as clients:
        yield clients


@pytest.fixture
async def workshop(sdk: Sdk) -> Workshop:
    return await open_workshop(sdk)


@pytest.fixture
def http(simulated_azure: SimulatedAzure) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {simulated_azure.token()}"}
    trust = ssl.create_default_context(cafile=simulated_azure.ca_file)
    with httpx.Client(base_url=simulated_azure.arm_url, headers=headers, verify=trust, trust_env=False) as client:
        yield client


@pytest.fixture
def subscription(simulated_azure: SimulatedAzure) -> str:
    return f"/subscriptions/{simulated_azure.subscriptions[0]}"
