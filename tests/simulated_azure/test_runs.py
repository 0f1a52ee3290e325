"""Runs of image templates: sub-states, results, cancellation, log."""

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import DEFINITION, GALLERY, GROUP, Sdk, Workshop, create_template


async def test_a_build_ends_as_an_image_version_with_tags_and_replicas(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    templates = sdk.builder.virtual_machine_image_templates
    await (await templates.begin_run(GROUP, "ubuntu-1")).result()

    template = await templates.get(GROUP, "ubuntu-1")
    assert template.last_run_status is not None
    assert template.last_run_status.run_state == "Succeeded"
    output = await templates.get_run_output(GROUP, "ubuntu-1", "version")
    assert output.artifact_id == f"{workshop.definition_id}/versions/1.0.0"
    version = await sdk.compute.gallery_image_versions.get(
        GROUP, GALLERY, DEFINITION, "1.0.0", expand="ReplicationStatus"
    )
    assert version.tags == {"run": "1"}
    assert version.replication_status.aggregated_state == "Completed"
    assert [region.region for region in version.replication_status.summary] == ["westeurope", "northeurope"]
