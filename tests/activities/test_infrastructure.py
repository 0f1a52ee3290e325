from datetime import timedelta

import pytest

from activities.infrastructure import (
    create_or_update_blob_container,
    create_or_update_gallery,
    create_or_update_identity,
    create_or_update_image_definition,
    create_or_update_resource_group,
    create_or_update_role_assignment,
    create_or_update_storage_account,
    get_gallery,
    get_image_definition,
    get_storage_account,
)
from models.errors import AzureAbsent, AzureRefused, AzureUnavailable
from models.resources import ProvisioningState, RoleAssignment
from tests.conftest import SUBSCRIPTION


async def test_a_group_is_there_when_azure_answers_and_again_when_asked_twice(azure, wanted):
    first = await create_or_update_resource_group(azure, wanted.group)
    second = await create_or_update_resource_group(azure, wanted.group)
    assert first == second
    assert first.state is ProvisioningState.SUCCEEDED


async def test_a_group_in_another_location_is_refused_with_azures_code(azure, wanted):
    await create_or_update_resource_group(azure, wanted.group)
    with pytest.raises(AzureRefused) as refused:
        await create_or_update_resource_group(azure, wanted.group.model_copy(update={"location": "northeurope"}))
    assert refused.value.code == "InvalidResourceGroupLocation"


async def test_a_storage_account_is_made_without_keys_and_public_access(azure, wanted, simulated_azure):
    await create_or_update_resource_group(azure, wanted.group)
    await create_or_update_storage_account(azure, wanted.account)
    again = await create_or_update_storage_account(azure, wanted.account)
    assert again.blob_endpoint is not None
    assert await get_storage_account(azure, wanted.account) == again
    body = simulated_azure.requests.matching("PUT", "storageAccounts/scripts")[0]["request"]["body"]
    assert body["properties"] == {
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "defaultToOAuthAuthentication": True,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
    }


async def test_what_azure_takes_its_time_for_is_answered_at_once_as_in_progress(azure, wanted, simulated_azure):
    await create_or_update_resource_group(azure, wanted.group)
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 100
    for create, resource in (
        (create_or_update_storage_account, wanted.account),
        (create_or_update_gallery, wanted.gallery),
    ):
        state = await create(azure, resource)
        assert state.state in {ProvisioningState.IN_PROGRESS, ProvisioningState.ABSENT}
    simulated_azure.clock.advance(timedelta(hours=1))
    assert (await get_gallery(azure, wanted.gallery)).state is ProvisioningState.SUCCEEDED
    assert (await get_storage_account(azure, wanted.account)).state is ProvisioningState.SUCCEEDED


@pytest.mark.parametrize("get", [get_storage_account, get_gallery, get_image_definition])
async def test_what_is_not_there_is_absent_and_no_error(azure, wanted, get):
    await create_or_update_resource_group(azure, wanted.group)
    names = {get_storage_account: wanted.account, get_gallery: wanted.gallery, get_image_definition: wanted.definition}
    assert (await get(azure, names[get])).state is ProvisioningState.ABSENT


async def test_every_write_can_be_repeated(azure, stage):
    for create, resource in (
        (create_or_update_blob_container, stage.container),
        (create_or_update_gallery, stage.gallery),
        (create_or_update_image_definition, stage.definition),
        (create_or_update_identity, stage.identity),
    ):
        assert (await create(azure, resource)).state is ProvisioningState.SUCCEEDED
    assert (await get_image_definition(azure, stage.definition)).state is ProvisioningState.SUCCEEDED


async def test_a_definition_cannot_change_its_generation(azure, stage):
    properties = stage.definition.properties | {"hyperVGeneration": "V1"}
    with pytest.raises(AzureRefused):
        await create_or_update_image_definition(azure, stage.definition.model_copy(update={"properties": properties}))


async def test_a_role_given_twice_is_one_assignment(azure, stage, simulated_azure):
    identity = await create_or_update_identity(azure, stage.identity)
    assignment = RoleAssignment(
        subscription_id=SUBSCRIPTION,
        scope=stage.gallery.id,
        role="imageVersionWriter",
        principal_id=identity.principal_id,
    )
    first = await create_or_update_role_assignment(azure, assignment)
    assert first == await create_or_update_role_assignment(azure, assignment)
    puts = simulated_azure.requests.matching("PUT", "roleAssignments")
    assert {put["request"]["body"]["properties"]["principalType"] for put in puts} == {"ServicePrincipal"}


@pytest.mark.parametrize("group", ["..", "rg?x=#"])
async def test_a_role_at_a_scope_that_leads_elsewhere_is_not_asked_for(azure, stage, simulated_azure, group):
    identity = await create_or_update_identity(azure, stage.identity)
    wide = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
    assignment = RoleAssignment(
        subscription_id=SUBSCRIPTION, scope=wide, role="contributor", principal_id=identity.principal_id
    )
    asked_before = simulated_azure.requests.matching("PUT")
    with pytest.raises(AzureRefused, match="no id of one resource"):
        await create_or_update_role_assignment(azure, assignment)
    assert simulated_azure.requests.matching("PUT") == asked_before


async def test_an_unknown_principal_asks_for_another_try(azure, stage):
    assignment = RoleAssignment(
        subscription_id=SUBSCRIPTION,
        scope=stage.gallery.id,
        role="imageVersionWriter",
        principal_id="99999999-9999-4999-8999-999999999999",
    )
    with pytest.raises(AzureUnavailable) as unavailable:
        await create_or_update_role_assignment(azure, assignment)
    assert unavailable.value.code == "PrincipalNotFound"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_failure_asks_for_another_try_after_a_single_call(azure, wanted, simulated_azure, status):
    simulated_azure.faults.add(
        "status", method="PUT", path="resourcegroups", status=status, code="Busy", message="Later."
    )
    with pytest.raises(AzureUnavailable, match="Later") as unavailable:
        await create_or_update_resource_group(azure, wanted.group)
    assert unavailable.value.code == "Busy"
    assert len(simulated_azure.requests.matching("PUT", "resourcegroups")) == 1


@pytest.mark.parametrize("code", ["AnotherOperationInProgress", "StorageAccountOperationInProgress", "RetryableError"])
async def test_a_conflict_with_an_operation_in_progress_asks_for_another_try(azure, stage, simulated_azure, code):
    simulated_azure.faults.add("status", method="PUT", path="/storageAccounts/scripts$", status=409, code=code, times=1)
    with pytest.raises(AzureUnavailable, match=code):
        await create_or_update_storage_account(azure, stage.account)
    assert (await create_or_update_storage_account(azure, stage.account)).state is ProvisioningState.SUCCEEDED


async def test_a_provider_that_is_not_registered_is_a_refusal_and_not_registered_by_the_way(
    azure, stage, simulated_azure
):
    await azure.resources(SUBSCRIPTION).providers.unregister("Microsoft.ManagedIdentity")
    simulated_azure.requests.clear()
    with pytest.raises(AzureRefused, match="MissingSubscriptionRegistration"):
        await create_or_update_identity(azure, stage.identity)
    assert [entry["method"] for entry in simulated_azure.requests.all()] == ["PUT"]


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
async def test_a_broken_connection_asks_for_another_try(azure, wanted, simulated_azure, kind):
    simulated_azure.faults.add(kind, method="PUT", path="resourcegroups", times=2)
    with pytest.raises(AzureUnavailable, match="create resource group rg"):
        await create_or_update_resource_group(azure, wanted.group)
    assert (await create_or_update_resource_group(azure, wanted.group)).state is ProvisioningState.SUCCEEDED


@pytest.mark.parametrize("code", ["RequestDisallowedByPolicy", "QuotaExceeded"])
async def test_a_refusal_is_told_in_azures_words(azure, wanted, simulated_azure, code):
    simulated_azure.faults.add("status", method="PUT", path="resourcegroups", status=403, code=code, message="No.")
    with pytest.raises(AzureRefused, match="No") as refused:
        await create_or_update_resource_group(azure, wanted.group)
    assert refused.value.code == code


async def test_a_subscription_that_cannot_be_seen_is_refused_and_not_taken_for_an_absent_resource(azure, wanted):
    stranger = wanted.gallery.model_copy(update={"subscription_id": "99999999-9999-4999-8999-999999999999"})
    with pytest.raises(AzureRefused) as refused:
        await get_gallery(azure, stranger)
    assert refused.value.code == "SubscriptionNotFound"
    assert not isinstance(refused.value, AzureAbsent)
