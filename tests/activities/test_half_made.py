"""What builds that ended as they distributed left half made: found by its state and tag, and removed."""

import pytest

from activities.half_made import delete_half_made, find_half_made
from activities.image_templates import create_image_template, start_image_run
from activities.infrastructure import create_or_update_identity, create_or_update_role_assignment
from models.artifacts import DistributionTargets, HalfMadeArtifact
from models.errors import AzureRefused
from models.resources import RoleAssignment
from tests.conftest import SUBSCRIPTION

RUN = "linux-20260311-030000-00000a"
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
    await build("lin-1", outcome, imageBakeryRun=RUN)
    version = f"{targets.ids[0]}/versions/1.0.0"
    assert await found(azure, targets) == [(version, RUN), (MANAGED, RUN)]
    for artifact in (await find_half_made(azure, targets)).artifacts:
        await delete_half_made(azure, artifact)
        await delete_half_made(azure, artifact)
    assert await found(azure, targets) == []


@pytest.mark.parametrize(
    ("outcome", "tags"),
    [("Succeeded", {"imageBakeryRun": RUN}), ("Failed", {"imageBakeryRun": "by hand"}), ("Failed", {})],
)
async def test_what_is_whole_or_of_no_run_is_not_found(azure, build, targets, outcome, tags):
    await build("lin-1", outcome, **tags)
    assert await found(azure, targets) == []


async def test_what_can_be_used_in_a_region_stays_though_it_failed_for_another(azure, build, targets, simulated_azure):
    await build("lin-1", "Failed", imageBakeryRun=RUN)
    version, _ = (await find_half_made(azure, targets)).artifacts
    simulated_azure.faults.add("replication", outcome="Completed")
    await build("lin-2", "Failed", imageBakeryRun=RUN)
    assert await found(azure, targets) == [(version.id, RUN), (MANAGED, RUN)]
    usable = HalfMadeArtifact(id=f"{targets.ids[0]}/versions/1.0.1", run_id=RUN)
    await delete_half_made(azure, usable)
    assert simulated_azure.requests.matching("DELETE", usable.id) == []


async def test_what_is_of_another_run_by_now_stays(azure, build, targets, simulated_azure):
    await build("lin-1", "Failed", imageBakeryRun=RUN)
    for one in (await find_half_made(azure, targets)).artifacts:
        await delete_half_made(azure, one.model_copy(update={"run_id": f"{RUN[:-1]}b"}))
    assert simulated_azure.requests.matching("DELETE", "/Microsoft.Compute/") == []


async def test_where_there_is_no_gallery_nothing_was_left(azure, stage):
    gone = DistributionTargets(ids=(f"{stage.gallery.id}x/images/linux", f"{MANAGED}x"))
    assert await found(azure, gone) == []


async def test_a_refusal_is_told(azure, build, targets, simulated_azure):
    await build("lin-1", "Failed", imageBakeryRun=RUN)
    version, _ = (await find_half_made(azure, targets)).artifacts
    simulated_azure.faults.add("status", method="DELETE", path="/versions/1.0.0", status=409, code="ScopeLocked")
    with pytest.raises(AzureRefused, match="ScopeLocked"):
        await delete_half_made(azure, version)
