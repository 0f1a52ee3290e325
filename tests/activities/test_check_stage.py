import json

import pytest

from activities.check_stage import check_stage
from models.errors import AzureUnavailable, StepFailed
from models.pipeline_run import Scope, Stage
from tests.activities.conftest import change

STAGE = Stage(run_id="r", image="linux", scope=Scope.ALL, environment="sbx")


@pytest.mark.parametrize("image", ["linux", "windows"])
async def test_the_sample_configuration_is_good(azure, settings, image):
    checked = await check_stage(azure, settings, STAGE.model_copy(update={"image": image}))
    assert checked.plan.image.name == image
    assert checked.plan.environment.name == "sbx"
    assert json.loads(json.dumps(checked.to_payload())) == checked.to_payload()


async def test_a_check_changes_nothing(azure, settings, simulated_azure):
    await check_stage(azure, settings, STAGE)
    writes = [entry["url"] for entry in simulated_azure.requests.all() if entry["method"] != "GET"]
    assert [url.partition("?")[0].rpartition("/")[2] for url in writes] == ["checkNameAvailability"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"server"', '"server-gen1"', "generation V1"),
        ('"ubuntu-24_04-lts"', '"ubuntu-99_04-lts"', "offers no image"),
    ],
)
async def test_a_source_that_does_not_fit_its_definition_fails_the_check(azure, settings, old, new, words):
    change(settings, "sbx.imageTemplate.linux.parameters.json", old, new)
    with pytest.raises(StepFailed) as failed:
        await check_stage(azure, settings, STAGE)
    assert failed.value.failure.code == "InvalidConfiguration"
    assert words in failed.value.failure.message
    assert "sbx.imageTemplate.linux.parameters.json" in failed.value.failure.message


async def test_a_fault_in_a_file_fails_the_check(azure, settings):
    change(settings, "sbx.imageInfra.parameters.json", "gal_image_bakery_sbx", "gal-image-bakery-sbx")
    with pytest.raises(StepFailed, match="gallery name"):
        await check_stage(azure, settings, STAGE)


async def test_an_environment_that_is_not_configured_fails_the_check(azure, settings):
    with pytest.raises(StepFailed):
        await check_stage(azure, settings, STAGE.model_copy(update={"environment": "nowhere"}))


async def test_an_azure_that_does_not_answer_asks_for_another_try(azure, settings, simulated_azure):
    simulated_azure.faults.add("status", path="publishers", status=503)
    with pytest.raises(AzureUnavailable):
        await check_stage(azure, settings, STAGE)
