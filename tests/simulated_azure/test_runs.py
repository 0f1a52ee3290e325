"""Runs of image templates: sub-states, results, cancellation, log."""

import pytest
from azure.core.exceptions import HttpResponseError

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import CONTRIBUTOR, DEFINITION, GALLERY, GROUP, Sdk, Workshop, assign, create_template

NAME = "ubuntu-1"
NEVER = "0001-01-01T00:00:00Z"


async def start(sdk: Sdk) -> None:
    await sdk.builder.virtual_machine_image_templates.begin_run(GROUP, NAME, polling=False)


async def last_status(sdk: Sdk, simulated_azure: SimulatedAzure) -> dict[str, str]:
    """As it came over the wire."""
    await sdk.builder.virtual_machine_image_templates.get(GROUP, NAME)
    return simulated_azure.requests.all()[-1]["response"]["body"]["properties"]["lastRunStatus"]


async def read_log(sdk: Sdk) -> str:
    """The one customization.log in the template's staging group."""
    template = await sdk.builder.virtual_machine_image_templates.get(GROUP, NAME)
    assert template.properties is not None
    staging = str(template.properties.exact_staging_resource_group).rpartition("/")[2]
    accounts = [account async for account in sdk.storage.storage_accounts.list_by_resource_group(staging)]
    async with sdk.blobs(accounts[0].primary_endpoints.blob) as blobs:
        container = blobs.get_container_client("packerlogs")
        names = [name async for name in container.list_blob_names() if name.endswith("/customization.log")]
        assert len(names) == 1
        return (await (await container.download_blob(names[0])).readall()).decode()


async def test_a_build_ends_as_an_image_version_with_tags_and_replicas(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    templates = sdk.builder.virtual_machine_image_templates
    await (await templates.begin_run(GROUP, NAME)).result()

    template = await templates.get(GROUP, NAME)
    assert template.properties is not None
    assert template.properties.last_run_status is not None
    assert template.properties.last_run_status.run_state == "Succeeded"
    output = await templates.get_run_output(GROUP, NAME, "version")
    assert output.properties is not None
    assert output.properties.artifact_id == f"{workshop.definition_id}/versions/1.0.0"
    version = await sdk.compute.gallery_image_versions.get(
        GROUP, GALLERY, DEFINITION, "1.0.0", expand="ReplicationStatus"
    )
    assert version.tags == {"run": "1"}
    assert version.properties.provisioning_state == "Succeeded"
    assert version.properties.replication_status.aggregated_state == "Completed"
    assert [region.region for region in version.properties.replication_status.summary] == ["westeurope", "northeurope"]


async def test_a_run_goes_through_its_sub_states_and_its_log_grows(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    validators = {"inVMValidations": [{"type": "Shell", "inline": ["true"]}]}
    await create_template(sdk, workshop.template(validate=validators, optimize={"vmBoot": {"state": "Enabled"}}))
    simulated_azure.clock.freeze()
    simulated_azure.pace.build_seconds = 230
    await start(sdk)

    seen, log_lengths = [], []
    for _ in range(23):
        status = await last_status(sdk, simulated_azure)
        assert (status["runState"], status["endTime"], status["message"]) == ("Running", NEVER, "")
        assert len(status["startTime"].partition(".")[2]) == len("123456789Z")
        if status["runSubState"] not in seen:
            seen.append(status["runSubState"])
            log_lengths.append(len(await read_log(sdk)))
        simulated_azure.advance(10)

    assert seen == ["Queued", "Building", "Customizing", "Optimizing", "Validating", "Distributing"]
    assert log_lengths == sorted(set(log_lengths))
    status = await last_status(sdk, simulated_azure)
    assert (status["runState"], status.get("runSubState")) == ("Succeeded", None)
    assert status["endTime"] > status["startTime"]
    assert "Provisioning with Shell: install" in await read_log(sdk)


async def test_optimizing_and_validating_come_only_if_asked_for(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template())
    simulated_azure.clock.freeze()
    simulated_azure.pace.build_seconds = 190
    await start(sdk)
    seen = set[str]()
    for _ in range(19):
        seen.add((await last_status(sdk, simulated_azure))["runSubState"])
        simulated_azure.advance(10)
    assert seen == {"Queued", "Building", "Customizing", "Distributing"}


async def test_a_running_template_refuses_another_run_and_its_deletion(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template())
    simulated_azure.pace.build_seconds = 3600
    await start(sdk)
    templates = sdk.builder.virtual_machine_image_templates
    with pytest.raises(HttpResponseError) as again:
        await start(sdk)
    with pytest.raises(HttpResponseError) as deletion:
        await templates.begin_delete(GROUP, NAME, polling=False)
    assert again.value.error is not None
    assert deletion.value.error is not None
    assert (again.value.status_code, again.value.error.code) == (409, "Conflict")
    assert (deletion.value.status_code, deletion.value.error.code) == (409, "OperationNotAllowed")


async def test_a_canceled_run_is_canceling_before_it_is_canceled(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template())
    simulated_azure.clock.freeze()
    simulated_azure.pace.build_seconds, simulated_azure.pace.operation_scale = 100, 1
    await start(sdk)
    await sdk.builder.virtual_machine_image_templates.begin_cancel(GROUP, NAME, polling=False)
    assert simulated_azure.requests.all()[-1]["response"]["status"] == 204
    canceling = await last_status(sdk, simulated_azure)
    assert (canceling["runState"], canceling.get("runSubState"), canceling["endTime"]) == ("Canceling", None, NEVER)

    simulated_azure.advance(100)
    assert (await last_status(sdk, simulated_azure))["runState"] == "Canceled"
    versions = sdk.compute.gallery_image_versions.list_by_gallery_image(GROUP, GALLERY, DEFINITION)
    assert [version async for version in versions] == []


async def test_a_run_past_its_timeout_fails(simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template(buildTimeoutInMinutes=30))
    simulated_azure.clock.freeze()
    simulated_azure.faults.add("build", outcome="Stuck", sub_state="Building")
    await start(sdk)
    simulated_azure.advance(29 * 60)
    assert (await last_status(sdk, simulated_azure))["runSubState"] == "Building"
    simulated_azure.advance(60)
    status = await last_status(sdk, simulated_azure)
    assert (status["runState"], status["message"]) == ("Failed", "Build timed out after 30 minutes.")


@pytest.mark.parametrize(("outcome", "made"), [("Failed", []), ("Canceled", []), ("PartiallySucceeded", ["version"])])
async def test_a_build_can_be_made_to_end_otherwise(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop, outcome: str, made: list[str]
) -> None:
    await create_template(sdk, workshop.template())
    simulated_azure.faults.add("build", outcome=outcome, sub_state="Distributing", message="disk is full")
    await start(sdk)
    status = await last_status(sdk, simulated_azure)
    assert (status["runState"], status["message"]) == (outcome, "disk is full")
    outputs = sdk.builder.virtual_machine_image_templates.list_run_outputs(GROUP, NAME)
    assert [output.name async for output in outputs] == made


async def test_a_run_can_be_made_to_show_a_word_for_good(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template(buildTimeoutInMinutes=30))
    simulated_azure.clock.freeze()
    simulated_azure.faults.add("build", outcome="Pausing")
    await start(sdk)
    simulated_azure.advance(60 * 60)
    status = await last_status(sdk, simulated_azure)
    assert (status["runState"], status["endTime"]) == ("Pausing", NEVER)


async def test_the_status_of_a_run_can_be_made_to_come_late(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template())
    simulated_azure.clock.freeze()
    simulated_azure.faults.add("slow-run-status", seconds=30)
    await start(sdk)
    simulated_azure.advance(29)
    with pytest.raises(KeyError, match="lastRunStatus"):
        await last_status(sdk, simulated_azure)
    simulated_azure.advance(1)
    assert (await last_status(sdk, simulated_azure))["runState"] == "Succeeded"


async def test_a_failed_run_fails_its_operation_with_the_code(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template())
    simulated_azure.faults.add("build", code="PackerBuildFailed", message="exit status 1")
    poller = await sdk.builder.virtual_machine_image_templates.begin_run(GROUP, NAME)
    with pytest.raises(HttpResponseError) as failure:
        await poller.result()
    assert failure.value.error is not None
    assert (failure.value.status_code, failure.value.error.code) == (200, "PackerBuildFailed")


async def test_each_distributor_has_its_output(sdk: Sdk, workshop: Workshop) -> None:
    image_id = sdk.id_of("/providers/Microsoft.Compute/images/ubuntu")
    await assign(sdk, sdk.id_of(""), workshop.principal_id, CONTRIBUTOR)
    distribute = [
        {"type": "ManagedImage", "runOutputName": "image", "imageId": image_id, "location": "westeurope"},
        {"type": "VHD", "runOutputName": "disk"},
    ]
    await create_template(sdk, workshop.template(distribute=distribute))
    await start(sdk)
    outputs = {
        output.name: output.properties
        async for output in sdk.builder.virtual_machine_image_templates.list_run_outputs(GROUP, NAME)
    }
    assert outputs["image"].artifact_id == image_id
    assert str(outputs["disk"].artifact_uri).endswith(".vhd")
    assert (await sdk.compute.images.get(GROUP, "ubuntu")).properties.provisioning_state == "Succeeded"


@pytest.mark.parametrize(
    ("versioning", "expected"),
    [
        (None, ["1.0.0", "1.0.1"]),
        ({"scheme": "Latest", "major": 3}, ["3.0.0", "3.0.1"]),
        ({"scheme": "Source"}, ["24.4.202611050", "24.4.202611051"]),
    ],
)
async def test_versions_are_numbered_as_asked_for(
    sdk: Sdk, workshop: Workshop, versioning: dict[str, object] | None, expected: list[str]
) -> None:
    body = workshop.template()
    body["properties"]["distribute"][0]["versioning"] = versioning
    await create_template(sdk, body)
    for _ in expected:
        await start(sdk)
        await sdk.builder.virtual_machine_image_templates.get(GROUP, NAME)
    versions = sdk.compute.gallery_image_versions.list_by_gallery_image(GROUP, GALLERY, DEFINITION)
    assert [version.name async for version in versions] == expected


async def test_an_image_version_can_be_a_source(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    await start(sdk)
    source = {"type": "SharedImageVersion", "imageVersionId": f"{workshop.definition_id}/versions/latest"}
    template = await create_template(sdk, workshop.template(source=source), "second")
    assert template.properties.source.exact_version == f"{workshop.definition_id}/versions/1.0.0"


async def test_an_automatic_run_starts_when_the_template_is_ready(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template(autoRun={"state": "Enabled"}))
    assert (await last_status(sdk, simulated_azure))["runState"] == "Succeeded"


async def test_a_definition_that_is_gone_fails_the_build(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    await create_template(sdk, workshop.template())
    await (await sdk.compute.gallery_images.begin_delete(GROUP, GALLERY, DEFINITION)).result()
    await start(sdk)
    status = await last_status(sdk, simulated_azure)
    assert status["runState"] == "Failed"
    assert DEFINITION in status["message"]


async def test_a_version_number_that_is_taken_fails_the_build(
    simulated_azure: SimulatedAzure, sdk: Sdk, workshop: Workshop
) -> None:
    body = workshop.template()
    body["properties"]["distribute"][0]["galleryImageId"] += "/versions/2.0.0"
    await create_template(sdk, body)
    for expected in ("Succeeded", "Failed"):
        await start(sdk)
        assert (await last_status(sdk, simulated_azure))["runState"] == expected


async def test_a_deleted_group_takes_its_templates_staging_groups_along(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    await (await sdk.groups.resource_groups.begin_delete(GROUP)).result()
    assert [group async for group in sdk.groups.resource_groups.list()] == []
