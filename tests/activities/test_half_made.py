"""What builds that ended as they distributed left half made: found by its state and tag, and removed."""

import pytest

from activities.half_made import delete_half_made, find_half_made
from activities.image_templates import create_image_template, start_image_run
from activities.infrastructure import create_or_update_identity, create_or_update_role_assignment
from models.artifacts import DistributionTargets, HalfMadeArtifact
from models.errors import AzureRefused
from models.resources import RoleAssignment
from tests.conftest import SUBSCRIPTION

MANAGED = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/images/golden"


def distributors(stage, **tags):
    common = {"artifactTags": tags}
    return [
        {"type": "SharedImage", "runOutputName": "a", "galleryImageId": stage.definition.id, **common},
        {"type": "ManagedImage", "runOutputName": "b", "imageId": MANAGED, "location": "westeurope", **common},
    ]


@pytest.fixture
async def targets(azure, stage):
    """Where the builds put what they make; Azure Image Builder's identity may write to both places."""
    principal = (await create_or_update_identity(azure, stage.identity)).principal_id
    writer = {"role": "managedImageWriter", "scope": stage.group.id, "principal_id": principal}
    await create_or_update_role_assignment(azure, RoleAssignment(subscription_id=SUBSCRIPTION, **writer))
    return DistributionTargets(ids=(stage.definition.id, MANAGED))


@pytest.fixture
async def build(azure, stage, simulated_azure):
    """Build to both places, which ends in this state."""

    async def build(name, outcome, **tags):
        if outcome != "Succeeded":
            simulated_azure.faults.add("build", outcome=outcome, sub_state="Distributing", times=1)
        template = stage.template(name, distribute=distributors(stage, **tags))
        await create_image_template(azure, template)
        await start_image_run(azure, template)

    return build


async def found(azure, targets):
    return [(one.id, one.run_id) for one in (await find_half_made(azure, targets)).artifacts]


@pytest.mark.parametrize("outcome", ["Failed", "Canceled"])
async def test_what_a_build_left_half_made_is_found_with_its_run_and_gone_once_removed(azure, build, targets, outcome):
    await build("lin-1", outcome, imageBakeryRun="r-1")
    version = f"{targets.ids[0]}/versions/1.0.0"
    assert await found(azure, targets) == [(version, "r-1"), (MANAGED, "r-1")]
    for artifact in (await find_half_made(azure, targets)).artifacts:
        await delete_half_made(azure, artifact)
        await delete_half_made(azure, artifact)
    assert await found(azure, targets) == []


async def test_what_is_whole_or_without_the_tag_of_a_run_is_not_found(azure, build, targets):
    await build("lin-1", "Succeeded", imageBakeryRun="r-1")
    assert await found(azure, targets) == []
    await delete_half_made(azure, HalfMadeArtifact(id=MANAGED, run_id="r-1"))
    await build("lin-2", "Failed", somebody="else")
    assert await found(azure, targets) == []


async def test_what_was_mended_meanwhile_stays(azure, build, targets, simulated_azure):
    await build("lin-1", "Succeeded", imageBakeryRun="r-1")
    for one in (f"{targets.ids[0]}/versions/1.0.0", MANAGED):
        await delete_half_made(azure, HalfMadeArtifact(id=one, run_id="r-1"))
    assert simulated_azure.requests.matching("DELETE", "/Microsoft.Compute/") == []


async def test_where_there_is_no_gallery_nothing_was_left(azure, stage):
    gone = DistributionTargets(ids=(f"{stage.gallery.id}x/images/linux", f"{MANAGED}x"))
    assert await found(azure, gone) == []


async def test_a_refusal_is_told(azure, build, targets, simulated_azure):
    await build("lin-1", "Failed", imageBakeryRun="r-1")
    simulated_azure.faults.add(
        "status", method="DELETE", path="/versions/1.0.0", status=409, code="ScopeLocked", times=1
    )
    (version, _) = (await find_half_made(azure, targets)).artifacts
    with pytest.raises(AzureRefused, match="ScopeLocked"):
        await delete_half_made(azure, version)
