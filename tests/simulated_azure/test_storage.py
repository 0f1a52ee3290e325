"""Storage accounts and containers: the management plane here, the blobs in a real Azurite."""

import pytest
from azure.core.exceptions import HttpResponseError

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import ACCOUNT, CONTAINER, GROUP, Sdk, put_storage

BODY = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


@pytest.fixture(autouse=True)
async def group(sdk: Sdk) -> None:
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})


async def test_a_container_of_the_management_plane_takes_blobs(sdk: Sdk) -> None:
    endpoint = await put_storage(sdk)
    async with sdk.blobs(endpoint) as blobs:
        blob = blobs.get_blob_client(CONTAINER, "linux/a.sh")
        await blob.upload_blob(b"echo")
        assert await (await blob.download_blob()).readall() == b"echo"


async def test_a_deleted_account_leaves_nothing_to_the_next_one(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    lent = set[str]()
    for number in range(30):
        name = f"account{number}"
        await sdk.storage.storage_accounts.begin_create(GROUP, name, BODY, polling=False)
        account = await sdk.storage.storage_accounts.get_properties(GROUP, name)
        lent.add(account.primary_endpoints.blob)
        async with sdk.blobs(account.primary_endpoints.blob) as blobs:
            assert [container async for container in blobs.list_containers()] == []
        await sdk.storage.blob_containers.create(GROUP, name, CONTAINER, {})
        await sdk.storage.storage_accounts.delete(GROUP, name)
    assert len(lent) < 30
    assert simulated_azure.requests.matching("DELETE")


async def test_an_account_is_accepted_first_and_complete_later(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 1
    accounts = sdk.storage.storage_accounts
    await accounts.begin_create(GROUP, ACCOUNT, BODY, polling=False)
    accepted = simulated_azure.requests.all()[-1]["response"]
    assert (accepted["status"], accepted["body"]) == (202, None)
    assert "monitor=true" in accepted["headers"]["location"]
    with pytest.raises(HttpResponseError, match="StorageAccountOperationInProgress"):
        await sdk.storage.blob_containers.create(GROUP, ACCOUNT, CONTAINER, {})
    simulated_azure.advance(1)
    assert (await accounts.get_properties(GROUP, ACCOUNT)).provisioning_state == "Succeeded"
    await (await accounts.begin_create(GROUP, ACCOUNT, BODY)).result()
    assert simulated_azure.requests.all()[-1]["response"]["status"] == 200


@pytest.mark.parametrize(
    ("name", "available", "reason"),
    [("free1", True, None), ("Upper", False, "AccountNameInvalid"), (ACCOUNT, False, "AlreadyExists")],
)
async def test_names_are_checked(sdk: Sdk, name: str, available: bool, reason: str | None) -> None:
    await put_storage(sdk)
    request = {"name": name, "type": "Microsoft.Storage/storageAccounts"}
    answer = await sdk.storage.storage_accounts.check_name_availability(request)
    assert (answer.name_available, answer.reason) == (available, reason)


async def test_a_name_is_unique_in_the_whole_cloud(sdk: Sdk) -> None:
    await put_storage(sdk)
    await sdk.groups.resource_groups.create_or_update("other", {"location": "westeurope"})
    with pytest.raises(HttpResponseError, match="StorageAccountAlreadyTaken"):
        await sdk.storage.storage_accounts.begin_create("other", ACCOUNT, BODY, polling=False)


async def test_an_absent_container_has_its_own_code(sdk: Sdk) -> None:
    await put_storage(sdk)
    with pytest.raises(HttpResponseError, match="ContainerNotFound"):
        await sdk.storage.blob_containers.get(GROUP, ACCOUNT, "absent")
