import asyncio
import traceback

import pytest

from activities.image_templates import (
    LONGEST_STANDSTILL_SECONDS,
    cancel_image_run,
    create_image_template,
    delete_image_template,
    get_image_run,
    get_image_template,
    list_image_templates,
    publish_build_log,
    start_image_run,
)
from models.errors import AzureRefused, AzureUnavailable, StepFailed
from models.image_build import ImageRunState
from models.resources import ImageTemplateReference, ProvisioningState
from models.template_removal import LogCopy, TemplatesOfGroup
from tests.conftest import SUBSCRIPTION


async def test_a_template_submitted_twice_is_one_template(azure, stage, simulated_azure):
    template = stage.template("lin-1")
    first = await create_image_template(azure, template)
    assert first == await create_image_template(azure, template)
    assert first.state is ProvisioningState.SUCCEEDED
    assert first.exact_source_version is not None
    assert len(simulated_azure.requests.matching("PUT", "imageTemplates/lin-1")) == 1


async def test_a_template_that_was_submitted_before_the_connection_broke_is_found(azure, stage, simulated_azure):
    simulated_azure.faults.add("drop-after", method="PUT", path="imageTemplates", times=1)
    assert (await create_image_template(azure, stage.template("lin-1"))).state is ProvisioningState.SUCCEEDED
    first, *repeated = simulated_azure.requests.matching("PUT", "imageTemplates/lin-1")
    assert first["response"]["status"] != 409
    assert [put["response"]["status"] for put in repeated] == [409]


async def test_a_template_that_fails_tells_image_builders_reason(azure, stage, simulated_azure):
    simulated_azure.faults.add("template", code="BadSharedImageDistribute", message="No such definition.")
    state = await create_image_template(azure, stage.template("lin-1"))
    assert state.state is ProvisioningState.FAILED
    assert state.failure is not None
    assert (state.failure.code, state.failure.message) == ("BadSharedImageDistribute", "No such definition.")


async def test_a_template_that_azure_does_not_understand_is_refused(azure, stage):
    with pytest.raises(AzureRefused, match="nonsense"):
        await create_image_template(azure, stage.template("lin-1", nonsense=True))


async def test_a_run_started_twice_is_one_run(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    assert (await get_image_run(azure, template)).state is ImageRunState.NOT_STARTED
    run = await start_image_run(azure, template)
    assert run.state is ImageRunState.RUNNING
    assert run.ended_at is None
    assert (await start_image_run(azure, template)).started_at == run.started_at
    assert len(simulated_azure.requests.matching("POST", "lin-1/run")) == 1


@pytest.mark.parametrize("kind", ["drop-after", "status"])
async def test_a_run_whose_start_has_an_unknown_outcome_is_looked_up_and_not_started_again(
    azure, stage, simulated_azure, kind
):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    simulated_azure.faults.add(kind, method="POST", path="lin-1/run", status=504, code="GatewayTimeout", times=1)
    with pytest.raises(AzureUnavailable):
        await start_image_run(azure, template)
    await start_image_run(azure, template)
    posts = simulated_azure.requests.matching("POST", "lin-1/run")
    assert len(posts) == (1 if kind == "drop-after" else 2)


async def test_a_run_that_an_earlier_try_started_is_found_whatever_the_words_of_the_refusal(
    azure, stage, simulated_azure
):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    simulated_azure.faults.add("slow-run-status", seconds=0.3, times=1)
    await start_image_run(azure, template)
    simulated_azure.faults.add("delay", method="POST", path="lin-1/run", seconds=0.5)
    refused = {"status": 409, "code": "OperationNotAllowed", "message": "Not in this state."}
    simulated_azure.faults.add("status", method="POST", path="lin-1/run", **refused)
    assert (await start_image_run(azure, template)).state is ImageRunState.RUNNING
    assert len(simulated_azure.requests.matching("POST", "lin-1/run")) == 2


async def test_a_template_that_is_hidden_for_a_moment_asks_for_another_try(azure, stage, simulated_azure):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    hidden = {"status": 404, "code": "ResourceNotFound", "message": "There is none."}
    simulated_azure.faults.add("status", method="GET", path="/lin-1$", times=3, **hidden)
    for ask in (start_image_run, get_image_run, cancel_image_run):
        with pytest.raises(AzureUnavailable, match="ResourceNotFound"):
            await ask(azure, template)


async def test_a_host_that_stood_still_after_a_reading_changes_nothing_by_it(azure, stage, simulated_azure):
    await create_image_template(azure, stage.template("lin-1"))
    simulated_azure.requests.clear()
    simulated_azure.faults.add("delay", path="imageTemplates", seconds=LONGEST_STANDSTILL_SECONDS + 0.1, times=2)
    outcomes = await asyncio.gather(
        start_image_run(azure, stage.template("lin-1")),
        create_image_template(azure, stage.template("lin-2")),
        return_exceptions=True,
    )
    assert [outcome.code for outcome in outcomes if isinstance(outcome, AzureUnavailable)] == ["ReadingTooOld"] * 2
    assert {entry["method"] for entry in simulated_azure.requests.all()} == {"GET"}


async def test_a_canceled_run_is_canceled_once(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    await cancel_image_run(azure, template)
    run = await cancel_image_run(azure, template)
    assert run.state in {ImageRunState.CANCELING, ImageRunState.CANCELED}
    assert len(simulated_azure.requests.matching("POST", "lin-1/cancel")) == 1


async def test_a_run_whose_status_is_not_shown_yet_is_not_taken_for_canceled(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    simulated_azure.faults.add("slow-run-status", seconds=600)
    await start_image_run(azure, template)
    with pytest.raises(AzureUnavailable, match="RunNotShown"):
        await cancel_image_run(azure, template)


async def test_a_run_that_is_over_is_not_canceled(azure, stage, simulated_azure):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    assert (await cancel_image_run(azure, template)).state is ImageRunState.SUCCEEDED
    assert simulated_azure.requests.matching("POST", "lin-1/cancel") == []


async def test_a_failed_run_tells_azures_message(azure, stage, simulated_azure):
    simulated_azure.faults.add("build", outcome="Failed", message="Packer exited with 1.")
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    run = await get_image_run(azure, template)
    assert run.state is ImageRunState.FAILED
    assert run.message == "Packer exited with 1."


async def test_all_templates_of_a_group_are_listed_with_what_a_removal_must_know(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 600
    finished, running = stage.template("lin-1"), stage.template("lin-2")
    for template in (finished, running):
        template.body["tags"] = {"imageBakeryImage": "linux"}
        await create_image_template(azure, template)
    await start_image_run(azure, running)
    group = TemplatesOfGroup(subscription_id=finished.subscription_id, resource_group="rg")
    listed = (await list_image_templates(azure, group)).templates
    assert [(one.template.name, one.run_state) for one in listed] == [
        ("lin-1", ImageRunState.NOT_STARTED),
        ("lin-2", ImageRunState.RUNNING),
    ]
    assert all(one.tags == {"imageBakeryImage": "linux"} and one.staging_resource_group for one in listed)


async def test_a_group_that_is_not_there_has_no_templates(azure, wanted):
    group = TemplatesOfGroup(subscription_id=wanted.group.subscription_id, resource_group="nowhere")
    assert (await list_image_templates(azure, group)).templates == ()


async def test_a_build_log_outlives_its_template(azure, stage):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    assert (await get_image_run(azure, template)).state is ImageRunState.SUCCEEDED
    group = TemplatesOfGroup(subscription_id=template.subscription_id, resource_group="rg")
    (found,) = (await list_image_templates(azure, group)).templates
    container = azure.blobs(azure.app_blob_endpoint).get_container_client("records")
    if not await container.exists():
        await container.create_container()
    copy = LogCopy(run_id="linux-20260311-030000-00000a", template=found)
    first = await publish_build_log(azure, copy)
    assert first == await publish_build_log(azure, copy)
    await delete_image_template(azure, template)
    assert first.blob is not None
    assert b"hello" in await (await container.download_blob(first.blob)).readall()


async def test_a_template_without_a_build_has_no_log_to_keep(azure, stage):
    await create_image_template(azure, stage.template("lin-1"))
    group = TemplatesOfGroup(subscription_id=stage.group.subscription_id, resource_group="rg")
    (found,) = (await list_image_templates(azure, group)).templates
    copy = LogCopy(run_id="linux-20260311-030000-00000a", template=found)
    assert (await publish_build_log(azure, copy)).blob is None


async def test_a_template_can_be_removed_twice(azure, stage):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await delete_image_template(azure, template)
    await delete_image_template(azure, template)
    assert (await get_image_template(azure, template)).state is ProvisioningState.ABSENT


async def test_a_run_that_ends_while_it_is_canceled_is_told_as_it_ended(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 1
    simulated_azure.faults.add("delay", method="POST", path="lin-1/cancel", seconds=1.2)
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    assert (await cancel_image_run(azure, template)).state is ImageRunState.SUCCEEDED


async def test_a_run_that_may_not_be_canceled_is_a_refusal(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 600
    simulated_azure.faults.add("status", method="POST", path="lin-1/cancel", status=403, code="ScopeLocked")
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    with pytest.raises(AzureRefused, match="ScopeLocked"):
        await cancel_image_run(azure, template)


SIGNED = "https://scripts.blob.core.windows.net/s/a.sh?sv=2025&sig=c2VjcmV0"


async def test_no_signature_of_azures_messages_is_handed_on(azure, stage, simulated_azure):
    simulated_azure.faults.add("template", path="lin-1", code="Other", message=f"{SIGNED} is not there.")
    simulated_azure.faults.add("build", path="lin-2", message=f"{SIGNED} is not there.")
    refused = await create_image_template(azure, stage.template("lin-1"))
    await create_image_template(azure, stage.template("lin-2"))
    run = await start_image_run(azure, stage.template("lin-2"))
    for told in (refused.failure and refused.failure.message, run.message):
        assert told == "https://scripts.blob.core.windows.net/s/a.sh?... is not there."


async def test_no_signature_is_in_what_is_logged_of_an_error(azure, simulated_azure):
    simulated_azure.faults.add("status", method="GET", path="imageTemplates", status=503, message=f"{SIGNED} failed.")
    reference = ImageTemplateReference(subscription_id=SUBSCRIPTION, resource_group="rg", name="lin-1")
    with pytest.raises(AzureUnavailable) as raised:
        await get_image_run(azure, reference)
    assert "c2VjcmV0" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("activity", "method", "path"),
    [(create_image_template, "PUT", "imageTemplates/lin-1$"), (start_image_run, "POST", "lin-1/run")],
)
async def test_a_conflict_with_something_else_is_not_taken_for_an_earlier_try(
    azure, stage, simulated_azure, activity, method, path
):
    moved = {"status": 409, "code": "Conflict", "message": "The group is being moved."}
    template = stage.template("lin-1")
    if activity is start_image_run:
        await create_image_template(azure, template)
    simulated_azure.faults.add("status", method=method, path=path, times=1, **moved)
    with pytest.raises(AzureUnavailable, match="being moved"):
        await activity(azure, template)
    assert "Succeeded" in (await activity(azure, template)).state


async def test_a_template_of_another_run_is_not_taken_for_an_earlier_try(azure, stage):
    first, second = stage.template("lin-1"), stage.template("lin-1")
    first.body["tags"], second.body["tags"] = {"imageBakeryRun": "r1"}, {"imageBakeryRun": "r2"}
    await create_image_template(azure, first)
    assert (await create_image_template(azure, first)).state is ProvisioningState.SUCCEEDED
    with pytest.raises(StepFailed) as failed:
        await create_image_template(azure, second)
    assert failed.value.failure.code == "ImageTemplateNameTaken"


async def test_a_template_whose_deletion_is_refused_for_a_while_is_deleted_at_a_later_try(
    azure, stage, simulated_azure
):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    with pytest.raises(AzureUnavailable, match="OperationNotAllowed"):
        await delete_image_template(azure, template)
    simulated_azure.advance(600)
    await delete_image_template(azure, template)
    assert (await get_image_template(azure, template)).state is ProvisioningState.ABSENT


async def test_a_deletion_that_a_lock_forbids_is_refused_at_once(azure, stage, simulated_azure):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    locked = {"status": 409, "code": "ScopeLocked", "message": "There is a lock."}
    simulated_azure.faults.add("status", method="DELETE", path="/lin-1$", **locked)
    with pytest.raises(AzureRefused, match="lock"):
        await delete_image_template(azure, template)
