"""Galleries, definitions, versions and marketplace images."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import DEFINITION, GALLERY, GROUP, UBUNTU, Sdk, put_definition, put_gallery


@pytest.fixture(autouse=True)
async def group(sdk: Sdk) -> None:
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})


async def put_version(sdk: Sdk, name: str) -> Any:
    body = {"location": "westeurope", "properties": {"publishingProfile": {"targetRegions": [{"name": "uksouth"}]}}}
    versions = sdk.compute.gallery_image_versions
    return await (await versions.begin_create_or_update(GROUP, GALLERY, DEFINITION, name, body)).result()


async def replication(sdk: Sdk, name: str) -> Any:
    versions = sdk.compute.gallery_image_versions
    version = await versions.get(GROUP, GALLERY, DEFINITION, name, expand="ReplicationStatus")
    return version.properties.replication_status


async def test_a_gallery_is_created_with_an_operation(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 1
    body = {"location": "westeurope"}
    await sdk.compute.galleries.begin_create_or_update(GROUP, GALLERY, body, polling=False)
    answer = simulated_azure.requests.all()[-1]["response"]
    assert (answer["status"], answer["body"]["properties"]["provisioningState"]) == (201, "Creating")
    assert "/capsOperations/" in answer["headers"]["azure-asyncoperation"]
    with pytest.raises(HttpResponseError, match="Conflict"):
        await put_definition(sdk)
    simulated_azure.advance(1)
    assert (await sdk.compute.galleries.get(GROUP, GALLERY)).properties.provisioning_state == "Succeeded"


async def test_a_gallery_name_has_no_hyphen(sdk: Sdk) -> None:
    with pytest.raises(HttpResponseError, match="InvalidParameter"):
        await sdk.compute.galleries.begin_create_or_update(GROUP, "my-gallery", {"location": "westeurope"})


async def test_a_definition_needs_its_gallery(sdk: Sdk) -> None:
    with pytest.raises(HttpResponseError, match="ParentResourceNotFound"):
        await put_definition(sdk)


@pytest.mark.parametrize("change", [{"hyperVGeneration": "V1"}, {"architecture": "Arm64"}, {"features": []}])
async def test_what_images_depend_on_cannot_be_changed(sdk: Sdk, change: dict[str, Any]) -> None:
    await put_gallery(sdk)
    await put_definition(sdk)
    with pytest.raises(HttpResponseError, match="PropertyChangeNotAllowed"):
        await put_definition(sdk, **change)


async def test_deleting_goes_from_the_inside_out(sdk: Sdk) -> None:
    await put_gallery(sdk)
    await put_version(sdk, "1.0.0")
    galleries, definitions = sdk.compute.galleries, sdk.compute.gallery_images
    with pytest.raises(HttpResponseError, match="CannotDeleteResource"):
        await definitions.begin_delete(GROUP, GALLERY, DEFINITION)
    with pytest.raises(HttpResponseError, match="CannotDeleteResource"):
        await galleries.begin_delete(GROUP, GALLERY)
    await (await sdk.compute.gallery_image_versions.begin_delete(GROUP, GALLERY, DEFINITION, "1.0.0")).result()
    await (await definitions.begin_delete(GROUP, GALLERY, DEFINITION)).result()
    await (await galleries.begin_delete(GROUP, GALLERY)).result()
    assert [gallery async for gallery in galleries.list_by_resource_group(GROUP)] == []


@pytest.mark.parametrize("name", ["1.0", "1.0.0.0", "v1.0.0", "1.0.9999999999"])
async def test_a_version_is_three_numbers_of_32_bits(sdk: Sdk, name: str) -> None:
    await put_gallery(sdk)
    with pytest.raises(HttpResponseError, match="InvalidParameter"):
        await put_version(sdk, name)


async def test_versions_are_listed_by_number(sdk: Sdk) -> None:
    await put_gallery(sdk)
    for name in ("1.0.10", "1.0.9", "1.0.2"):
        await put_version(sdk, name)
    versions = sdk.compute.gallery_image_versions.list_by_gallery_image(GROUP, GALLERY, DEFINITION)
    assert [version.name async for version in versions] == ["1.0.2", "1.0.9", "1.0.10"]


async def test_replication_takes_its_time(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    await put_gallery(sdk)
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 10
    body = {"location": "westeurope", "properties": {}}
    versions = sdk.compute.gallery_image_versions
    await versions.begin_create_or_update(GROUP, GALLERY, DEFINITION, "1.0.0", body, polling=False)
    simulated_azure.advance(2)
    status = await replication(sdk, "1.0.0")
    (region,) = status.summary
    assert (status.aggregated_state, region.state, region.progress) == ("InProgress", "Replicating", 40)
    simulated_azure.advance(3)
    assert (await replication(sdk, "1.0.0")).aggregated_state == "Completed"


@pytest.mark.parametrize("outcome", ["InProgress", "Failed"])
async def test_replication_can_stay_behind(sdk: Sdk, simulated_azure: SimulatedAzure, outcome: str) -> None:
    await put_gallery(sdk)
    simulated_azure.faults.add("replication", outcome=outcome)
    await put_version(sdk, "1.0.0")
    status = await replication(sdk, "1.0.0")
    assert (status.aggregated_state, status.summary[0].region) == (outcome, "uksouth")


async def test_tags_of_a_version_can_be_changed(sdk: Sdk) -> None:
    await put_gallery(sdk)
    await put_version(sdk, "1.0.0")
    versions = sdk.compute.gallery_image_versions
    await (await versions.begin_update(GROUP, GALLERY, DEFINITION, "1.0.0", {"tags": {"keep": "yes"}})).result()
    assert (await versions.get(GROUP, GALLERY, DEFINITION, "1.0.0")).tags == {"keep": "yes"}


async def test_a_marketplace_image_tells_what_it_is(sdk: Sdk) -> None:
    images = sdk.compute.virtual_machine_images
    sku = (UBUNTU["publisher"], UBUNTU["offer"], UBUNTU["sku"])
    newest = await images.list("westeurope", *sku, top=1, orderby="name desc")
    assert len(newest) == 1
    image = await images.get("westeurope", *sku, newest[0].name)
    assert (image.properties.hyper_v_generation, image.properties.architecture) == ("V2", "x64")
    assert ("SecurityType", "TrustedLaunchSupported") in [(f.name, f.value) for f in image.properties.features]


async def test_a_retired_image_is_not_found(sdk: Sdk) -> None:
    with pytest.raises(HttpResponseError, match="NotFound") as refusal:
        await sdk.compute.virtual_machine_images.list("westeurope", "Canonical", "UbuntuServer", "18.04-LTS")
    assert refusal.value.status_code == 404
