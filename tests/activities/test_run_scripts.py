"""What a run builds with: uploads that count, and below them the scripts of the app."""

import hashlib
import shutil

import pytest
from azure.storage.blob import ContentSettings

from activities.check_stage import check_stage
from activities.run_scripts import gather_scripts, read_with_uploads, sha256_of_upload, sort_uploads
from azure_clients import script_contents, uploads
from configuration.settings import APP_FOLDER, Settings
from models.errors import AzureUnavailable, StepFailed
from models.pipeline_run import Scope, Stage
from models.scripts import ScriptContent, ScriptOrigin
from tests.activities.conftest import change

SCRIPT = "linux/install_powershell.sh"
NEW = "linux/install_more.sh"
TEMPLATE = "sbx.imageTemplate.linux.parameters.json"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
async def container(azure):
    """The container `uploads`, empty."""
    client = azure.blobs(azure.app_blob_endpoint).get_container_client(uploads.CONTAINER)
    if not await client.exists():
        await client.create_container()
    async for blob in client.list_blobs():
        await client.delete_blob(blob.name)
    return client


@pytest.fixture
def own(settings, tmp_path):
    """Settings with scripts of the test's own."""
    folder = shutil.copytree(APP_FOLDER / "customization", tmp_path / "customization")
    return Settings(
        AzureWebJobsStorage__blobServiceUri="https://x",
        PARAMETERS_FOLDER=settings.parameters_folder,
        CUSTOMIZATION_FOLDER=folder,
    )


async def gather(azure, settings):
    reading = await read_with_uploads(azure, settings)
    assert reading.faults == ()
    return {one.path: one for one in await gather_scripts(azure, settings, reading, "linux", ["sbx"])}


async def test_without_uploads_the_scripts_of_the_app_are_built_with_and_kept(azure, own, container):
    (own.customization_folder / SCRIPT).write_bytes(b"echo a\r\n")
    contents = await gather(azure, own)
    assert {"versions.env", SCRIPT} <= set(contents)
    assert contents[SCRIPT] == ScriptContent(path=SCRIPT, sha256=sha256(b"echo a\n"))
    assert await script_contents.find(azure, contents[SCRIPT].sha256) == b"echo a\n"


async def test_an_upload_replaces_the_packaged_script_until_it_is_deleted(azure, own, container):
    packaged = await gather(azure, own)
    await container.upload_blob(SCRIPT, b"echo uploaded\r\n")
    contents = await gather(azure, own)
    assert contents[SCRIPT].sha256 == sha256(b"echo uploaded\n")
    assert contents[SCRIPT].origin is ScriptOrigin.UPLOADED
    assert contents[SCRIPT].uploaded_at is not None
    assert contents | {SCRIPT: packaged[SCRIPT]} == packaged
    await container.delete_blob(SCRIPT)
    assert await gather(azure, own) == packaged


async def test_what_is_kept_is_written_once(azure, own, container):
    first = (await gather(azure, own))[SCRIPT]
    blob = azure.blobs(azure.app_blob_endpoint).get_blob_client("records", f"script-contents/{first.sha256}")
    # What is written again has the type that it is written with.
    await blob.set_http_headers(ContentSettings(content_type="text/x-kept"))
    await gather(azure, own)
    await script_contents.keep(azure, (own.customization_folder / SCRIPT).read_bytes())
    assert (await blob.get_blob_properties()).content_settings.content_type == "text/x-kept"


async def test_a_refused_upload_is_ignored(azure, own, container):
    packaged = await gather(azure, own)
    await container.upload_blob(SCRIPT, b"")
    await container.upload_blob("linux/Install_powershell.sh", b"echo other case\n")
    assert await gather(azure, own) == packaged
    reading = await read_with_uploads(azure, own)
    found = await sort_uploads(azure, own, reading)
    assert (list(found.counting), len(found.refused)) == ([], 2)


async def test_a_script_may_exist_only_as_an_upload(azure, own, container):
    change(own, TEMPLATE, f"aibscripts/{SCRIPT}", f"aibscripts/{NEW}")
    assert f"no file {NEW}" in (await read_with_uploads(azure, own)).faults[0].problem
    await container.upload_blob(NEW, b"echo new\n")
    contents = await gather(azure, own)
    assert contents[NEW].sha256 == sha256(b"echo new\n")


async def test_a_stage_is_checked_with_the_scripts_that_its_run_was_asked_for_with(azure, own, container):
    change(own, TEMPLATE, f"aibscripts/{SCRIPT}", f"aibscripts/{NEW}")
    await container.upload_blob(NEW, b"echo new\n")
    pinned = tuple((await gather(azure, own)).values())
    stage = Stage(run_id="r", image="linux", scope=Scope.ALL, environment="sbx", scripts=pinned)
    await container.delete_blob(NEW)
    checked = await check_stage(azure, own, stage)
    assert NEW in {script.source_file for script in checked.plan.image_template.scripts}
    with pytest.raises(StepFailed, match="no file"):
        await check_stage(azure, own, stage.model_copy(update={"scripts": ()}))


async def test_a_version_that_is_gone_is_no_content(azure, own, container):
    await container.upload_blob(SCRIPT, b"echo first\n")
    (first,) = await uploads.list_all(azure)
    await container.upload_blob(SCRIPT, b"echo second\n", overwrite=True)
    assert await sha256_of_upload(azure, first) is None
    (second,) = await uploads.list_all(azure)
    assert await sha256_of_upload(azure, second) == sha256(b"echo second\n")
    await container.delete_blob(SCRIPT)
    assert await uploads.read(azure, second) is None
    assert first.etag != second.etag


async def test_a_script_that_is_nowhere_asks_for_another_try(azure, own, container):
    change(own, TEMPLATE, f"aibscripts/{SCRIPT}", f"aibscripts/{NEW}")
    await container.upload_blob(NEW, b"echo new\n")
    reading = await read_with_uploads(azure, own)
    await container.delete_blob(NEW)
    with pytest.raises(AzureUnavailable, match=NEW):
        await gather_scripts(azure, own, reading, "linux", ["sbx"])


async def test_what_is_remembered_of_an_upload_is_kept_again_if_it_was_lost(azure, own, container):
    await container.upload_blob(SCRIPT, b"echo lost and found\n")
    content = (await gather(azure, own))[SCRIPT]
    records = azure.blobs(azure.app_blob_endpoint).get_container_client("records")
    await records.delete_blob(f"script-contents/{content.sha256}")
    assert (await gather(azure, own))[SCRIPT] == content
    assert await script_contents.find(azure, content.sha256) == b"echo lost and found\n"
