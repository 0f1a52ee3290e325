"""Azure has acted, and nobody hears of it: the next try finds what the first one did, and does nothing twice."""

import pytest

from activities.image_templates import (
    cancel_image_run,
    create_image_template,
    delete_image_template,
    get_image_run,
    get_image_template,
    start_image_run,
)
from activities.infrastructure import (
    create_or_update_blob_container,
    create_or_update_gallery,
    create_or_update_image_definition,
    create_or_update_resource_group,
    create_or_update_role_assignment,
    create_or_update_storage_account,
)
from activities.records import publish_record
from azure_clients import own_blobs, records
from local.simulated_azure.troubles import TROUBLES
from models.errors import AzureUnavailable
from models.image_build import ImageRunState
from models.resources import ProvisioningState, RoleAssignment
from tests.activities.test_records import record_of
from tests.conftest import SUBSCRIPTION

LOST = [name for name, trouble in TROUBLES.items() if trouble.acts and not trouble.silent]
INFRASTRUCTURE = {
    "group": create_or_update_resource_group,
    "account": create_or_update_storage_account,
    "container": create_or_update_blob_container,
    "gallery": create_or_update_gallery,
    "definition": create_or_update_image_definition,
}

pytestmark = pytest.mark.parametrize("trouble", LOST)


@pytest.fixture
def losing(simulated_azure, trouble):
    """Lets the answer to a write get lost; returns how often Azure accepted it, once it was tried until answered."""

    async def try_again(method, path, activity, azure, message):
        fault = simulated_azure.faults.add("trouble", troubles=[trouble], method=method, path=path, times=1)
        try:
            answer = await activity(azure, message)
        except AzureUnavailable:
            answer = await activity(azure, message)
        assert fault.struck == 1
        path_part = path.strip("$")
        told = simulated_azure.requests.matching(method, path_part)
        return answer, len([one for one in told if one["response"]["status"] < 300])

    return try_again


async def test_a_template_is_submitted_once(azure, stage, losing):
    state, accepted = await losing("PUT", "/lin-1$", create_image_template, azure, stage.template("lin-1"))
    assert (state.state, accepted) == (ProvisioningState.SUCCEEDED, 1)


async def test_a_run_is_started_once(azure, stage, simulated_azure, losing):
    simulated_azure.pace.build_seconds = 600
    await create_image_template(azure, stage.template("lin-1"))
    run, accepted = await losing("POST", "/lin-1/run$", start_image_run, azure, stage.template("lin-1"))
    assert (run.state, accepted) == (ImageRunState.RUNNING, 1)


async def test_a_run_is_canceled_once(azure, stage, simulated_azure, losing):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    _, accepted = await losing("POST", "/lin-1/cancel$", cancel_image_run, azure, template)
    assert accepted == 1
    assert (await get_image_run(azure, template)).state in {ImageRunState.CANCELING, ImageRunState.CANCELED}


async def test_a_template_is_deleted(azure, stage, losing):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await losing("DELETE", "/lin-1$", delete_image_template, azure, template)
    assert (await get_image_template(azure, template)).state is ProvisioningState.ABSENT


async def test_a_role_is_given_once(azure, stage, simulated_azure, losing):
    role = RoleAssignment(
        subscription_id=SUBSCRIPTION, scope=stage.gallery.id, role="imageVersionWriter", principal_id=None
    )
    state, _ = await losing("PUT", "/roleAssignments/", create_or_update_role_assignment, azure, role)
    assert state.state is ProvisioningState.SUCCEEDED
    names = {one["url"] for one in simulated_azure.requests.matching("PUT", state.id)}
    assert len(names) == 1


@pytest.mark.parametrize("name", INFRASTRUCTURE)
async def test_what_a_stage_stands_on_is_there(azure, stage, losing, name):
    state, _ = await losing("PUT", ".", INFRASTRUCTURE[name], azure, getattr(stage, name))
    assert state.state is ProvisioningState.SUCCEEDED


async def test_a_record_is_whole(azure, behind_a_front, trouble):
    clients, front = behind_a_front
    record = record_of(7)
    await own_blobs.make_container(clients)
    front.faults.add("trouble", troubles=[trouble], method="PUT", path="/pipeline-runs/", times=1)
    with pytest.raises(AzureUnavailable):
        await publish_record(clients, record)
    await publish_record(clients, record)
    assert await records.find(clients, record.id) == record
