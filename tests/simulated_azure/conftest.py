"""Clients of the Azure SDK, and a workshop in which templates can be built."""

from collections.abc import AsyncIterator

import pytest

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import Sdk, Workshop, open_sdk, open_workshop


@pytest.fixture
async def sdk(simulated_azure: SimulatedAzure, app_identity: None) -> AsyncIterator[Sdk]:  # noqa: ARG001  # its work is done
    async with open_sdk(simulated_azure) as clients:
        yield clients


@pytest.fixture
async def workshop(sdk: Sdk) -> Workshop:
    return await open_workshop(sdk)
