import hashlib

import pytest

from activities.scripts import find_scripts, upload_scripts
from configuration.settings import Settings
from models.errors import AzureUnavailable, StepFailed
from models.image_template import ScriptReference
from models.stage_messages import StageScripts


def request_for(stage, *paths):
    references = [
        ScriptReference(
            pointer="customize[0].scriptUri",
            address="https://scripts/aibscripts/" + path,
            account="scripts",
            container="aibscripts",
            path=path,
            source_file=path,
        )
        for path in paths
    ]
    return StageScripts(account=stage.account, container="aibscripts", scripts=tuple(references))


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux" / "a.sh").write_bytes(b"#!/bin/bash\r\necho a\r\n")
    (tmp_path / "linux" / "b.bin").write_bytes(b"\0\r\n")
    return Settings(AzureWebJobsStorage__blobServiceUri="https://x", CUSTOMIZATION_FOLDER=tmp_path)


async def test_a_script_is_uploaded_with_unix_line_ends_and_its_checksum_is_known(azure, stage, settings):
    uploaded = await upload_scripts(azure, settings, request_for(stage, "linux/a.sh"))
    expected = b"#!/bin/bash\necho a\n"
    (script,) = uploaded.scripts
    assert script.sha256 == hashlib.sha256(expected).hexdigest()
    blob = azure.blobs(uploaded.blob_endpoint).get_blob_client("aibscripts", "linux/a.sh")
    assert await (await blob.download_blob()).readall() == expected


async def test_a_file_that_is_no_text_stays_as_it_is(azure, stage, settings):
    (script,) = (await upload_scripts(azure, settings, request_for(stage, "linux/b.bin"))).scripts
    assert script.sha256 == hashlib.sha256(b"\0\r\n").hexdigest()


async def test_the_same_content_is_not_written_again(azure, stage, settings):
    first = await upload_scripts(azure, settings, request_for(stage, "linux/a.sh"))
    blob = azure.blobs(first.blob_endpoint).get_blob_client("aibscripts", "linux/a.sh")
    before = (await blob.get_blob_properties()).etag
    assert await upload_scripts(azure, settings, request_for(stage, "linux/a.sh")) == first
    assert (await blob.get_blob_properties()).etag == before


async def test_changed_content_replaces_the_blob(azure, stage, settings):
    first = await upload_scripts(azure, settings, request_for(stage, "linux/a.sh"))
    (settings.customization_folder / "linux" / "a.sh").write_text("#!/bin/bash\necho other\n")
    second = await upload_scripts(azure, settings, request_for(stage, "linux/a.sh"))
    assert first.scripts != second.scripts
    assert (await find_scripts(azure, request_for(stage, "linux/a.sh"))) == second


async def test_scripts_that_are_not_there_are_named_all_at_once(azure, stage):
    with pytest.raises(StepFailed) as failed:
        await find_scripts(azure, request_for(stage, "linux/a.sh", "linux/b.bin"))
    assert failed.value.failure.code == "ScriptsMissing"
    assert "linux/a.sh, linux/b.bin" in failed.value.failure.message


async def test_an_account_that_is_not_there_yet_asks_for_another_try(azure, wanted, settings):
    with pytest.raises(AzureUnavailable, match="no blob endpoint"):
        await upload_scripts(azure, settings, request_for(wanted, "linux/a.sh"))
