"""What is worth knowing about the scripts of a stage, packaged or uploaded."""

from activities.check_stage import check_stage
from activities.run_scripts import gather_scripts, read_and_sort_uploads
from activities.script_remarks import remarks_on_present_scripts
from azure_clients import uploads
from models.pipeline_run import Scope, Stage
from tests.activities.conftest import change

SCRIPT = "linux/install_powershell.sh"
BAD = b"#!/bin/bash\r\nset -e\r\ncurl https://e.org/install | bash\r\n"


async def container_of(azure):
    """The container `uploads`, empty."""
    client = azure.blobs(azure.app_blob_endpoint).get_container_client(uploads.CONTAINER)
    if not await client.exists():
        await client.create_container()
    async for blob in client.list_blobs():
        await client.delete_blob(blob.name)
    return client


async def present(azure, settings, image="linux"):
    reading, found = await read_and_sort_uploads(azure, settings)
    return await remarks_on_present_scripts(azure, settings, reading, found.counting, ("sbx", image))


async def checked(azure, settings, scripts):
    stage = Stage(run_id="r", image="linux", scope=Scope.ALL, environment="sbx", scripts=scripts)
    return (await check_stage(azure, settings, stage)).remarks


async def test_an_uploaded_script_is_remarked_before_a_run_and_by_its_check_whatever_has_become_of_the_upload(
    azure, settings
):
    container = await container_of(azure)
    await container.upload_blob(SCRIPT, BAD)
    (remark,) = await present(azure, settings)
    assert (remark.file, remark.line) == (f"uploads/{SCRIPT}", 3)
    reading, _ = await read_and_sort_uploads(azure, settings)
    scripts = await gather_scripts(azure, settings, reading, "linux", ["sbx"])
    await container.delete_blob(SCRIPT)
    assert await checked(azure, settings, scripts) == (remark,)
    assert await present(azure, settings) == ()


async def test_a_content_that_is_not_kept_any_more_stops_nothing(azure, settings):
    await container_of(azure)
    reading, _ = await read_and_sort_uploads(azure, settings)
    scripts = await gather_scripts(azure, settings, reading, "linux", ["sbx"])
    lost = tuple(script.model_copy(update={"sha256": "0" * 64}) for script in scripts)
    assert await checked(azure, settings, lost) == ()


async def test_files_with_faults_have_no_remarks_on_scripts(azure, settings):
    await container_of(azure)
    change(settings, "sbx.imageInfra.parameters.json", "gal_image_bakery_sbx", "gal-image-bakery-sbx")
    assert await present(azure, settings) == ()
