import json
from datetime import UTC, datetime, timedelta

import pytest

from activities.check_stage import check_stage
from activities.records import publish_record
from azure_clients import own_blobs
from models.errors import AzureUnavailable, StepFailed
from models.image_build import ImageBuildProgress, ImageRunState, NoticedBy, PastBuild, SubStateTimes
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Stage, Starter
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


BEGAN = datetime(2026, 3, 11, 3, tzinfo=UTC)


@pytest.fixture
async def built_before(azure):
    """The app's own account with the record of one run of the image, which built for half an hour; gives its blob."""
    container = own_blobs.container_of(azure)
    if await container.exists():
        async for blob in container.list_blobs():
            await container.delete_blob(blob.name)
    after = [BEGAN + timedelta(minutes=minutes) for minutes in (21, 23, 30)]
    build = ImageBuildProgress(
        template_name="t",
        template_id="/t",
        run_state=ImageRunState.SUCCEEDED,
        started_at=BEGAN,
        ended_at=after[2],
        sub_states=(SubStateTimes(name="Distributing", not_yet_at=after[0], started_at=after[1], ended_at=after[2]),),
        noticed_by=NoticedBy.POLL,
    )
    record = PipelineRecord(
        id="linux-20260311-030000-00000a",
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="http"),
        started_at=BEGAN,
        stages=(StageRecord(environment="sbx", started_at=BEGAN, build=build),),
    )
    await publish_record(azure, record)
    (name,) = [blob.name async for blob in container.list_blobs() if record.id in blob.name]
    yield container.get_blob_client(name)
    await container.delete_blob(name)


async def test_a_check_tells_what_the_last_builds_of_the_image_took(azure, settings, built_before):
    half_an_hour = PastBuild(took=timedelta(minutes=30), distribution=timedelta(minutes=8), noticed_by=NoticedBy.POLL)
    assert (await check_stage(azure, settings, STAGE)).build_history == (half_an_hour,)
    others = [{"image": "windows"}, {"scope": Scope.ONLY_INFRASTRUCTURE}]
    for other in others:
        assert (await check_stage(azure, settings, STAGE.model_copy(update=other))).build_history == ()


async def test_a_record_that_is_broken_leaves_a_check_without_earlier_builds(azure, settings, built_before):
    metadata = (await built_before.get_blob_properties()).metadata
    await built_before.upload_blob(b'{"id": "linux-2026', overwrite=True, metadata=metadata)
    checked = await check_stage(azure, settings, STAGE)
    assert checked.plan.image.name == "linux"
    assert checked.build_history == ()
