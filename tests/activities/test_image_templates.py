import pytest

from activities.image_templates import (
    cancel_image_run,
    create_image_template,
    delete_image_template,
    get_image_run,
    get_image_template,
    start_image_run,
)
from activities.publication import get_publication
from models.errors import AzureRefused, AzureUnavailable
from models.image_build import ImageRunState
from models.pipeline_record import BuiltScript
from models.resources import ImageTemplateReference, ProvisioningState
from models.stage_messages import PublicationRequest


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


async def test_a_canceled_run_is_canceled_once(azure, stage, simulated_azure):
    simulated_azure.pace.build_seconds = 600
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await start_image_run(azure, template)
    await cancel_image_run(azure, template)
    run = await cancel_image_run(azure, template)
    assert run.state in {ImageRunState.CANCELING, ImageRunState.CANCELED}
    assert len(simulated_azure.requests.matching("POST", "lin-1/cancel")) == 1


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


async def test_a_template_can_be_removed_twice(azure, stage):
    template = stage.template("lin-1")
    await create_image_template(azure, template)
    await delete_image_template(azure, template)
    await delete_image_template(azure, template)
    assert (await get_image_template(azure, template)).state is ProvisioningState.ABSENT
