"""What a build published: versions, their replication, source and log, and the tag of its source."""

import pytest

from activities.image_templates import create_image_template, start_image_run
from activities.infrastructure import create_or_update_identity, create_or_update_role_assignment
from activities.publication import get_publication, publish_lineage
from models.errors import AzureRefused, AzureUnavailable
from models.pipeline_record import BuiltScript
from models.resources import ImageTemplateReference, RoleAssignment
from models.stage_messages import Lineage, PublicationRequest
from tests.conftest import SUBSCRIPTION

SOURCE = {"imageBakerySource": "24.04.202409120"}


async def test_what_was_published_is_told_with_its_source_and_log(azure, stage):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    scripts = (BuiltScript(path="linux/a.sh", sha256="aa" * 32),)
    reference = ImageTemplateReference.from_payload(template.to_payload())
    published = (await get_publication(azure, PublicationRequest(template=reference, scripts=scripts))).publication
    assert published.image_version_id is not None
    assert published.image_version_id.startswith(f"{stage.definition.id}/versions/")
    assert published.replication_state == "Completed"
    assert published.exact_source_version is not None
    assert published.log_url is not None
    assert published.log_url.endswith("/customization.log")
    assert published.scripts == scripts
    assert [output.artifact for output in published.outputs] == [published.image_version_id]


def publication_request(template, *, version_expected):
    reference = ImageTemplateReference.from_payload(template.to_payload())
    return PublicationRequest(template=reference, scripts=(), version_expected=version_expected)


async def test_an_image_version_that_is_not_shown_yet_is_asked_for_again(azure, stage, simulated_azure):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    simulated_azure.faults.add("status", method="GET", path="/versions/1.0.0", status=404, code="NotFound", times=1)
    request = publication_request(template, version_expected=True)
    with pytest.raises(AzureUnavailable, match="is not there"):
        await get_publication(azure, request)
    assert (await get_publication(azure, request)).publication.replication_state == "Completed"


async def test_a_failed_build_has_no_version_and_still_its_log(azure, stage, simulated_azure):
    simulated_azure.faults.add("build", outcome="Failed")
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    published = await get_publication(azure, publication_request(template, version_expected=False))
    assert published.publication.image_version_id is None
    assert published.publication.log_url is not None


async def test_a_staging_group_that_may_not_be_read_is_no_failure_of_the_build(azure, stage, simulated_azure):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    simulated_azure.faults.add("status", method="GET", path="IT_.*/storageAccounts", status=403, code="Forbidden")
    published = (await get_publication(azure, publication_request(template, version_expected=True))).publication
    assert published.image_version_id is not None
    assert published.log_url is None


def shared_image(stage, number, *regions):
    return {
        "type": "SharedImage",
        "runOutputName": f"out{number}",
        "galleryImageId": f"{stage.definition.id}/versions/1.0.{number}",
        "replicationRegions": list(regions),
        "artifactTags": {"imageBakeryRun": "r"},
    }


async def test_the_replication_is_told_of_every_region_of_every_version(azure, stage, simulated_azure):
    distribute = [shared_image(stage, 1, "westeurope", "northeurope"), shared_image(stage, 2, "westeurope")]
    template = stage.template("lin-1", distribute=distribute)
    fault = {"outcome": "Failed", "message": "No capacity."}
    simulated_azure.faults.add("replication", path="versions/1.0.2", **fault)
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    published = (await get_publication(azure, publication_request(template, version_expected=True))).publication
    assert published.image_version_id == f"{stage.definition.id}/versions/1.0.1"
    assert published.replication_state == "Failed"
    assert [
        (one.image_version_id[-5:], one.name, one.state, one.progress, one.details) for one in published.regions
    ] == [
        ("1.0.1", "westeurope", "Completed", 100, None),
        ("1.0.1", "northeurope", "Completed", 100, None),
        ("1.0.2", "westeurope", "Failed", 50, "No capacity."),
    ]


async def test_every_version_that_is_expected_is_waited_for(azure, stage, simulated_azure):
    distribute = [shared_image(stage, 1, "westeurope"), shared_image(stage, 2, "westeurope")]
    template = stage.template("lin-1", distribute=distribute)
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    simulated_azure.faults.add("status", method="GET", path="/versions/1.0.2", status=404, code="NotFound", times=1)
    request = publication_request(template, version_expected=True)
    with pytest.raises(AzureUnavailable, match=r"versions/1\.0\.2 is not there"):
        await get_publication(azure, request)
    assert (await get_publication(azure, request)).publication.replication_state == "Completed"


async def test_of_a_build_that_succeeded_in_part_only_what_was_published_is_told(azure, stage, simulated_azure):
    distribute = [shared_image(stage, 1, "westeurope"), shared_image(stage, 2, "westeurope")]
    template = stage.template("lin-1", distribute=distribute)
    simulated_azure.faults.add("build", outcome="PartiallySucceeded", sub_state="Distributing")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    published = (await get_publication(azure, publication_request(template, version_expected=False))).publication
    assert [output.artifact[-5:] for output in published.outputs] == ["1.0.1"]
    assert published.image_version_id == f"{stage.definition.id}/versions/1.0.1"


async def test_a_version_and_a_managed_image_get_tags_beside_those_that_they_have(azure, stage):
    identity = await create_or_update_identity(azure, stage.identity)
    may_make_images = RoleAssignment(
        subscription_id=SUBSCRIPTION,
        scope=stage.group.id,
        role="imageVersionWriter",
        principal_id=identity.principal_id,
    )
    await create_or_update_role_assignment(azure, may_make_images)
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/images/golden"
    managed = {
        "type": "ManagedImage",
        "runOutputName": "managed",
        "imageId": place,
        "location": "westeurope",
        "artifactTags": {"imageBakeryRun": "r"},
    }
    template = stage.template("lin-1", distribute=[shared_image(stage, 1, "westeurope"), managed])
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    published = (await get_publication(azure, publication_request(template, version_expected=True))).publication
    artifacts = [output.artifact for output in published.outputs]
    for artifact in [*artifacts, *artifacts]:
        await publish_lineage(azure, Lineage(artifact=artifact, tags=SOURCE))
    names = ("rg", stage.gallery.name, stage.definition.name, "1.0.1")
    compute = azure.compute(SUBSCRIPTION)
    assert (await compute.gallery_image_versions.get(*names)).tags == {"imageBakeryRun": "r"} | SOURCE
    assert (await compute.images.get("rg", "golden")).tags == {"imageBakeryRun": "r"} | SOURCE


async def test_an_artifact_that_may_not_be_tagged_is_a_refusal(azure, stage, simulated_azure):
    locked = {"status": 409, "code": "ScopeLocked", "message": "The scope is locked."}
    simulated_azure.faults.add("status", method="PATCH", path="/tags/default", **locked)
    with pytest.raises(AzureRefused, match="ScopeLocked"):
        await publish_lineage(azure, Lineage(artifact=f"{stage.definition.id}/versions/1.0.1", tags=SOURCE))


async def test_an_artifact_whose_id_leads_elsewhere_is_not_tagged(azure, stage, simulated_azure):
    with pytest.raises(AzureRefused, match="no id of one resource"):
        await publish_lineage(azure, Lineage(artifact=f"{stage.definition.id}/versions/..", tags=SOURCE))
    assert simulated_azure.requests.matching("PATCH", "") == []
