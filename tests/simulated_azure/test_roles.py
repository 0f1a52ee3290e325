"""Role assignments: principals, names, propagation."""

import pytest
from azure.core.exceptions import HttpResponseError

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import BLOB_READER, CONTRIBUTOR, GROUP, IDENTITY, Sdk, assign

STABLE = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = "aaaaaaaa-0000-4000-8000-000000000002"


async def make_identity(sdk: Sdk, name: str = IDENTITY) -> str:
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    identities = sdk.identities.user_assigned_identities
    return (await identities.create_or_update(GROUP, name, {"location": "westeurope"})).principal_id


async def test_the_same_assignment_twice_is_one(sdk: Sdk) -> None:
    principal_id = await make_identity(sdk)
    first = await assign(sdk, sdk.id_of(""), principal_id, CONTRIBUTOR, STABLE)
    assert (await assign(sdk, sdk.id_of(""), principal_id, CONTRIBUTOR, STABLE)).id == first.id


async def test_an_equal_assignment_under_another_name_exists(sdk: Sdk) -> None:
    principal_id = await make_identity(sdk)
    await assign(sdk, sdk.id_of(""), principal_id, CONTRIBUTOR, STABLE)
    with pytest.raises(HttpResponseError, match="RoleAssignmentExists") as refusal:
        await assign(sdk, sdk.id_of(""), principal_id, CONTRIBUTOR, OTHER)
    assert refusal.value.status_code == 409


async def test_a_name_cannot_go_to_another_principal(sdk: Sdk) -> None:
    await assign(sdk, sdk.id_of(""), await make_identity(sdk), CONTRIBUTOR, STABLE)
    with pytest.raises(HttpResponseError, match="RoleAssignmentUpdateNotPermitted"):
        await assign(sdk, sdk.id_of(""), await make_identity(sdk, "second"), CONTRIBUTOR, STABLE)


async def test_a_principal_that_never_was_is_not_found(sdk: Sdk) -> None:
    await make_identity(sdk)
    with pytest.raises(HttpResponseError, match="PrincipalNotFound"):
        await assign(sdk, sdk.id_of(""), OTHER, CONTRIBUTOR)


async def test_a_new_principal_can_be_unknown_for_a_while(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.faults.add("slow-principal", seconds=30)
    principal_id = await make_identity(sdk)
    for _ in range(2):
        with pytest.raises(HttpResponseError, match="PrincipalNotFound"):
            await assign(sdk, sdk.id_of(""), principal_id, CONTRIBUTOR)
        simulated_azure.advance(14)
    simulated_azure.advance(3)
    await assign(sdk, sdk.id_of(""), principal_id, CONTRIBUTOR)


async def test_the_app_can_be_given_roles(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    await make_identity(sdk)
    await assign(sdk, sdk.id_of(""), simulated_azure.app_principal_id, BLOB_READER)
    found = sdk.roles.role_assignments.list_for_scope(
        sdk.id_of("/providers/Microsoft.Compute/galleries/any"),
        filter=f"principalId eq '{simulated_azure.app_principal_id}'",
    )
    assert [assignment.principal_id async for assignment in found] == [simulated_azure.app_principal_id]


async def test_a_custom_role_must_exist_before_it_is_assigned(sdk: Sdk) -> None:
    principal_id = await make_identity(sdk)
    with pytest.raises(HttpResponseError, match="RoleDefinitionDoesNotExist"):
        await assign(sdk, sdk.id_of(""), principal_id, OTHER)


@pytest.mark.parametrize("name", ["Contributor", "Storage Blob Data Reader", "Managed Identity Operator"])
async def test_built_in_roles_are_found_by_name(sdk: Sdk, name: str) -> None:
    found = sdk.roles.role_definitions.list(f"/subscriptions/{sdk.subscription}", filter=f"roleName eq '{name}'")
    assert [(role.role_name, role.role_type) async for role in found] == [(name, "BuiltInRole")]
