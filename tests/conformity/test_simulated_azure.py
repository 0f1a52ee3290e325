"""Every operation of the simulated Azure that the product uses, validated against the official specifications."""

from typing import Any

import pytest

from local.simulated_azure import SimulatedAzure
from tests.conformity.traffic import needs_specifications, outside, validate_traffic
from tests.simulated_azure.tenant import (
    ACCOUNT,
    BLOB_READER,
    CONTAINER,
    CONTRIBUTOR,
    DEFINITION,
    GALLERY,
    GROUP,
    IDENTITY,
    Sdk,
    assign,
    container_scope,
    create_template,
    open_sdk,
    open_workshop,
)

pytestmark = needs_specifications


async def use_groups(sdk: Sdk) -> None:
    groups, providers = sdk.groups.resource_groups, sdk.groups.providers
    await groups.create_or_update(GROUP, {"location": "westeurope", "tags": {"a": "b"}})
    await groups.get(GROUP)
    await groups.check_existence(GROUP)
    await groups.check_existence("not-there")
    await groups.update(GROUP, {"tags": {"c": "d"}})
    assert [group async for group in groups.list()]
    assert [resource async for resource in sdk.groups.resources.list_by_resource_group(GROUP)]
    await providers.get("Microsoft.VirtualMachineImages")
    await providers.unregister("Microsoft.KeyVault")
    await providers.register("Microsoft.KeyVault")
    scope = sdk.id_of("")
    await sdk.groups.tags.get_at_scope(scope)
    change = {"operation": "Merge", "properties": {"tags": {"e": "f"}}}
    await (await sdk.groups.tags.begin_update_at_scope(scope, change)).result()
    body = {"properties": {"tags": {}}}
    await (await sdk.groups.tags.begin_create_or_update_at_scope(scope, body)).result()


async def use_storage(sdk: Sdk) -> None:
    accounts, containers = sdk.storage.storage_accounts, sdk.storage.blob_containers
    kind = "Microsoft.Storage/storageAccounts"
    for name in (ACCOUNT, "free1", "Bad_Name"):
        await accounts.check_name_availability({"name": name, "type": kind})
    await accounts.get_properties(GROUP, ACCOUNT)
    await accounts.update(GROUP, ACCOUNT, {"tags": {"a": "b"}})
    assert [account async for account in accounts.list()]
    assert [account async for account in accounts.list_by_resource_group(GROUP)]
    await containers.get(GROUP, ACCOUNT, CONTAINER)
    assert [container async for container in containers.list(GROUP, ACCOUNT)]
    await sdk.storage.blob_services.get_service_properties(GROUP, ACCOUNT)
    await containers.create(GROUP, ACCOUNT, "other", {})
    await containers.delete(GROUP, ACCOUNT, "other")


async def use_identities_and_roles(sdk: Sdk, principal_id: str) -> None:
    identities, roles = sdk.identities.user_assigned_identities, sdk.roles
    await identities.get(GROUP, IDENTITY)
    await identities.update(GROUP, IDENTITY, {"tags": {}})
    assert [identity async for identity in identities.list_by_resource_group(GROUP)]
    assert [identity async for identity in identities.list_by_subscription()]
    scope = container_scope(sdk)
    found = [assignment async for assignment in roles.role_assignments.list_for_scope(scope, filter="atScope()")]
    assert found
    await roles.role_assignments.get(found[0].scope, found[0].name)
    assert [role async for role in roles.role_definitions.list(scope, filter="roleName eq 'Contributor'")]
    custom = "77777777-0000-4000-8000-000000000001"
    permissions = [{"actions": ["Microsoft.Compute/galleries/images/versions/write"]}]
    body: Any = {"properties": {"roleName": "Writer", "permissions": permissions, "assignableScopes": [sdk.id_of("")]}}
    await roles.role_definitions.create_or_update(sdk.id_of(""), custom, body)
    await roles.role_definitions.get(sdk.id_of(""), custom)
    await assign(sdk, sdk.id_of(""), principal_id, custom)
    await roles.role_definitions.delete(sdk.id_of(""), custom)
    await roles.role_assignments.delete(found[0].scope, found[0].name)


async def use_gallery(sdk: Sdk) -> None:
    galleries, definitions, versions = (
        sdk.compute.galleries,
        sdk.compute.gallery_images,
        sdk.compute.gallery_image_versions,
    )
    await galleries.get(GROUP, GALLERY)
    assert [gallery async for gallery in galleries.list_by_resource_group(GROUP)]
    assert [gallery async for gallery in galleries.list()]
    await definitions.get(GROUP, GALLERY, DEFINITION)
    assert [definition async for definition in definitions.list_by_gallery(GROUP, GALLERY)]
    await versions.get(GROUP, GALLERY, DEFINITION, "1.0.0", expand="ReplicationStatus")
    assert [version async for version in versions.list_by_gallery_image(GROUP, GALLERY, DEFINITION)]
    await (await versions.begin_update(GROUP, GALLERY, DEFINITION, "1.0.0", {"tags": {"x": "y"}})).result()
    await (await versions.begin_delete(GROUP, GALLERY, DEFINITION, "1.0.0")).result()
    await (await definitions.begin_delete(GROUP, GALLERY, DEFINITION)).result()
    await (await galleries.begin_delete(GROUP, GALLERY)).result()


async def use_templates(sdk: Sdk, body: dict[str, Any]) -> None:
    templates = sdk.builder.virtual_machine_image_templates
    await create_template(sdk, body)
    await (await templates.begin_run(GROUP, "ubuntu-1")).result()
    await templates.get(GROUP, "ubuntu-1")
    assert [output async for output in templates.list_run_outputs(GROUP, "ubuntu-1")]
    await templates.get_run_output(GROUP, "ubuntu-1", "version")
    assert [template async for template in templates.list()]
    assert [template async for template in templates.list_by_resource_group(GROUP)]
    await (await templates.begin_update(GROUP, "ubuntu-1", {"tags": {"a": "b"}})).result()
    await (await templates.begin_delete(GROUP, "ubuntu-1")).result()


async def test_everything_that_is_asked_and_answered_conforms(
    simulated_azure: SimulatedAzure, app_identity: None
) -> None:
    async with open_sdk(simulated_azure) as sdk:
        workshop = await open_workshop(sdk)
        await use_groups(sdk)
        await use_storage(sdk)
        everything = {
            "optimize": {"vmBoot": {"state": "Enabled"}},
            "validate": {"inVMValidations": [{"type": "Shell", "inline": ["true"]}]},
            "errorHandling": {"onCustomizerError": "cleanup"},
            "vmProfile": {"vmSize": "Standard_D2s_v5", "osDiskSizeGB": 64},
            "managedResourceTags": {"a": "b"},
            "additionalDataDisks": [{"sizeGB": 64}],
        }
        await use_templates(sdk, workshop.template(**everything))
        await use_gallery(sdk)
        await use_identities_and_roles(sdk, workshop.principal_id)
        assert [sku async for sku in _skus(sdk)]
        await (await sdk.groups.resource_groups.begin_delete(GROUP)).result()

    log = simulated_azure.requests.all()
    assert validate_traffic(log) == []
    assert set(outside(log)) == {
        "marketplace images",
        "asynchronous operations",
        "results of resource group operations",
    }


async def _skus(sdk: Sdk) -> Any:
    for sku in await sdk.compute.virtual_machine_images.list_skus("westeurope", "Canonical", "ubuntu-24_04-lts"):
        yield sku


async def test_refusals_conform(simulated_azure: SimulatedAzure, app_identity: None) -> None:
    async with open_sdk(simulated_azure) as sdk:
        workshop = await open_workshop(sdk, roles=False)
        scope, principal_id = container_scope(sdk), workshop.principal_id
        await assign(sdk, scope, principal_id, BLOB_READER)
        simulated_azure.faults.add("status", method="GET", path="imageTemplates", status=429, retry_after=1, times=1)
        refused = [
            assign(sdk, scope, principal_id, BLOB_READER, "88888888-0000-4000-8000-000000000001"),
            assign(sdk, scope, "88888888-0000-4000-8000-000000000002", CONTRIBUTOR),
            sdk.builder.virtual_machine_image_templates.get(GROUP, "throttled"),
            sdk.builder.virtual_machine_image_templates.get(GROUP, "not-there"),
            sdk.compute.galleries.get("not-there", GALLERY),
            sdk.compute.galleries.get(GROUP, "not-there"),
            sdk.builder.virtual_machine_image_templates.begin_run(GROUP, "not-there", polling=False),
        ]
        for refusal in refused:
            with pytest.raises(Exception, match=r"\(|Operation"):
                await refusal
    assert validate_traffic(simulated_azure.requests.all()) == []


def test_a_misspelt_property_is_found() -> None:
    url = "/subscriptions/x/resourceGroups/g/providers/Microsoft.Compute/galleries/a?api-version=2026-03-03"
    request = {"headers": {}, "body": {"location": "westeurope", "propertees": {}}}
    response = {
        "status": 200,
        "headers": {},
        "body": {"location": "westeurope", "properties": {"provisioningState": 1}},
    }
    problems = validate_traffic([{"method": "PUT", "url": url, "request": request, "response": response}])
    assert any("propertees" in problem for problem in problems)
    assert any("provisioningState" in problem for problem in problems)


def test_an_unknown_operation_is_a_fault() -> None:
    url = "/subscriptions/x/providers/Microsoft.Compute/galeries?api-version=2026-03-03"
    answer = {"status": 200, "headers": {}, "body": {}}
    assert validate_traffic(
        [{"method": "GET", "url": url, "request": {"headers": {}, "body": None}, "response": answer}]
    )
