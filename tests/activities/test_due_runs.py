"""Whether a run is due, found out from the uploads, the records and the source as they are."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.due_runs import find_due_run
from activities.records import publish_record
from activities.run_scripts import gather_scripts, read_with_uploads
from activities.stage_checks import find_source
from azure_clients import own_blobs, uploads
from models.pipeline_record import PipelineRecord, Publication, StageRecord
from models.pipeline_run import Scope, Starter
from models.state import State
from models.upkeep import ImageLook
from policies.resources.source_compatibility import image_source
from policies.upkeep.rebuild import configuration_digest
from policies.upkeep.script_contents import scripts_as_built
from tests.activities.conftest import change

SCRIPT = "linux/install_powershell.sh"
# Patch Tuesday is the 12th of March: the patch is due from the 13th, 03:00 UTC, on; uploads of today are quiet by then.
PATCH_DAY = datetime(2030, 3, 13, 3, 0, tzinfo=UTC)
LONG_BEFORE = datetime(2030, 2, 20, tzinfo=UTC)


@pytest.fixture
async def bakery(azure):
    """The app's own account with nothing in it."""
    for name in (uploads.CONTAINER, own_blobs.CONTAINER):
        container = azure.blobs(azure.app_blob_endpoint).get_container_client(name)
        if not await container.exists():
            await container.create_container()
        async for blob in container.list_blobs():
            await container.delete_blob(blob.name)
    return azure


async def upload(azure, path, content):
    await (
        azure.blobs(azure.app_blob_endpoint)
        .get_blob_client(uploads.CONTAINER, path)
        .upload_blob(content, overwrite=True)
    )


async def look(azure, settings, now=PATCH_DAY):
    return await find_due_run(azure, settings, ImageLook(image="linux", now=now))


async def ended(azure, settings, *, started_at=LONG_BEFORE, state=State.SUCCEEDED, **run):
    """Record a run that built what is due now, and ended so."""
    found = await look(azure, settings)
    record = PipelineRecord(
        id=f"linux-{started_at:%Y%m%d-%H%M%S}-00000a",
        image="linux",
        scope=Scope.ONLY_ASSETS_AND_IMAGE,
        started_by=run.pop("started_by", Starter(kind="http")),
        scripts=found.due.scripts if found.due else (),
        started_at=started_at,
        ended_at=started_at + timedelta(hours=1),
        state=state,
    ).model_copy(update=run)
    await publish_record(azure, record)
    return record


async def test_nothing_is_due_for_an_image_that_nobody_has_built_yet(bakery, settings):
    found = await look(bakery, settings, PATCH_DAY + timedelta(days=5))
    assert (found.due, found.skipped) == (None, None)
    assert found.next_at == datetime(2030, 4, 10, 3, 0, tzinfo=UTC)


async def test_an_uploaded_script_makes_a_run_due_that_builds_with_it(bakery, settings):
    await upload(bakery, SCRIPT, b"echo new\n")
    found = await look(bakery, settings)
    assert found.due is not None
    assert (found.due.scope, found.due.environments) == (Scope.ONLY_ASSETS_AND_IMAGE, ("sbx",))
    assert found.due.started_by.kind == "upload"
    assert SCRIPT in found.due.started_by.reason
    (script,) = [one for one in found.due.scripts if one.path == SCRIPT]
    assert script.origin == "uploaded"


async def test_an_upload_that_has_not_been_quiet_yet_is_looked_at_again(bakery, settings):
    await upload(bakery, SCRIPT, b"echo new\n")
    now = datetime.now(UTC)
    found = await look(bakery, settings, now)
    assert found.due is None
    assert found.quiet_at is not None
    assert timedelta(seconds=50) < found.quiet_at - now < timedelta(seconds=65)
    assert (await look(bakery, settings, found.quiet_at)).due is not None


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.RUNNING])
async def test_content_that_a_run_was_given_is_not_due_again_however_the_run_ended(bakery, settings, state):
    await upload(bakery, SCRIPT, b"echo new\n")
    await ended(bakery, settings, state=state)
    assert (await look(bakery, settings, LONG_BEFORE)).due is None
    await upload(bakery, SCRIPT, b"echo new\r\n")
    assert (await look(bakery, settings, LONG_BEFORE)).due is None
    await upload(bakery, SCRIPT, b"echo newer\n")
    assert (await look(bakery, settings, LONG_BEFORE)).due is not None


async def test_an_upload_that_is_removed_makes_a_run_due_with_the_packaged_script(bakery, settings):
    await upload(bakery, SCRIPT, b"echo new\n")
    await ended(bakery, settings)
    await bakery.blobs(bakery.app_blob_endpoint).get_blob_client(uploads.CONTAINER, SCRIPT).delete_blob()
    found = await look(bakery, settings)
    assert found.due is not None
    assert {script.origin for script in found.due.scripts} == {"packaged"}


async def test_an_upload_with_the_packaged_content_and_one_that_no_image_uses_make_nothing_due(bakery, settings):
    await upload(bakery, SCRIPT, (settings.customization_folder / SCRIPT).read_bytes())
    await upload(bakery, "linux/not_used.sh", b"echo\n")
    await upload(bakery, "linux/a.exe", b"MZ")
    assert (await look(bakery, settings, LONG_BEFORE)).due is None


async def test_the_patch_of_a_month_is_due_once_for_an_image_that_was_built_before(bakery, settings):
    await ended(bakery, settings)
    found = await look(bakery, settings)
    assert found.due is not None
    assert (found.due.started_by.kind, found.due.started_by.month) == ("timer", "2030-03")
    patch = await ended(
        bakery, settings, started_at=PATCH_DAY, state=State.FAILED, started_by=found.due.started_by, scripts=()
    )
    assert (await look(bakery, settings, PATCH_DAY + timedelta(days=3))).due is None
    assert patch.started_by.month == "2030-03"
    assert (await look(bakery, settings, PATCH_DAY + timedelta(days=35))).due is not None


async def built_as_it_stands(bakery, settings):
    """Record a successful build of the source, scripts and configuration of now."""
    reading = await read_with_uploads(bakery, settings)
    plan = reading.stage_plan("sbx", "linux")
    contents = await gather_scripts(bakery, settings, reading, "linux", ["sbx"])
    source = await find_source(bakery, plan, image_source(plan.image_template.properties["source"]))
    stage = StageRecord(
        environment="sbx",
        state=State.SUCCEEDED,
        started_at=LONG_BEFORE,
        configuration_digest=configuration_digest(plan),
        result=Publication(
            image_version_id="/v",
            replication_state="Completed",
            template_name="t",
            exact_source_version=source.version,
            scripts=scripts_as_built(plan.image_template.scripts, contents),
            log_url=None,
            outputs=(),
        ),
    )
    await ended(bakery, settings, stages=(stage,), scripts=contents)


async def test_a_patch_that_would_change_nothing_is_skipped_with_the_reason(bakery, settings):
    await built_as_it_stands(bakery, settings)
    found = await look(bakery, settings)
    assert found.due is None
    assert found.skipped is not None
    assert found.skipped.month == "2030-03"
    assert found.skipped.reason.startswith("Nothing to do for 2030-03")


@pytest.mark.parametrize(
    ("file", "old", "new", "because"),
    [
        (
            "sbx.imageTemplate.linux.parameters.json",
            '"vmSize": "Standard_D2s_v5"',
            '"vmSize": "Standard_D4s_v5"',
            "con",
        ),
        ("sbx.imageTemplate.linux.parameters.json", '"version": "latest"', '"version": "24.04.202404230"', "source"),
        ("pipeline.json", '"daysAfterPatchTuesday": 1', '"daysAfterPatchTuesday": 1, "always": true', "due since"),
    ],
)
async def test_a_patch_is_built_where_something_changed_or_the_schedule_says_always(
    bakery, settings, file, old, new, because
):
    await built_as_it_stands(bakery, settings)
    change(settings, file, old, new)
    found = await look(bakery, settings)
    assert found.due is not None
    assert because in found.due.started_by.reason
    assert found.due.scope is Scope.ONLY_IMAGE
    # In the container there may be those of another image's run, for days behind those of now.
    assert {script.path for script in found.due.scripts} >= {"linux/installation.sh", "versions.env"}


async def test_a_patch_brings_the_scripts_that_the_last_image_does_not_have(bakery, settings):
    await built_as_it_stands(bakery, settings)
    file = "sbx.imageTemplate.linux.parameters.json"
    change(settings, file, "aibscripts/linux/install_azure_cli.sh", "aibscripts/linux/install_powershell.sh")
    found = await look(bakery, settings)
    assert found.due is not None
    assert "Scripts were removed" in found.due.started_by.reason
    assert found.due.scope is Scope.ONLY_ASSETS_AND_IMAGE
    built_with = {script.path for script in found.due.scripts}
    assert "linux/install_azure_cli.sh" not in built_with
    assert built_with >= {"linux/install_powershell.sh", "linux/installation.sh", "versions.env"}


async def test_after_five_failures_in_a_row_the_schedule_pauses_until_a_run_by_hand_succeeds(bakery, settings):
    await ended(bakery, settings, started_at=datetime(2029, 9, 1, tzinfo=UTC))
    for month in range(10, 15):
        year, number = divmod(month - 1, 12)
        label = f"{2029 + year}-{number + 1:02}"
        moment = datetime(2029 + year, number + 1, 20, tzinfo=UTC)
        timer = Starter(kind="timer", month=label)
        await ended(bakery, settings, started_at=moment, state=State.FAILED, started_by=timer)
    found = await look(bakery, settings)
    assert found.due is None
    assert "pauses after 5 failures" in found.skipped.reason
    await ended(bakery, settings, started_at=datetime(2030, 3, 1, tzinfo=UTC))
    assert (await look(bakery, settings)).due is not None


async def test_files_with_faults_make_nothing_due_and_the_log_says_why(bakery, settings):
    await ended(bakery, settings)
    change(settings, "sbx.imageTemplate.linux.parameters.json", '"vmSize"', '"vmsize"')
    found = await look(bakery, settings)
    assert (found.due, found.skipped) == (None, None)
    assert "vmSize" in found.remark or "vmsize" in found.remark


async def test_an_image_that_is_not_configured_any_more_is_not_kept(bakery, settings):
    found = await find_due_run(bakery, settings, ImageLook(image="gone", now=PATCH_DAY))
    assert (found.due, found.next_at) == (None, None)
    assert "gone" in found.remark
