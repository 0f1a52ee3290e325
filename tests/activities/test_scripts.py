import hashlib
from datetime import UTC, datetime

import pytest

from activities.scripts import find_scripts, upload_scripts
from azure_clients import own_blobs, script_contents
from models.errors import AzureUnavailable, StepFailed
from models.image_template import ScriptReference
from models.scripts import ScriptContent, ScriptOrigin
from models.stage_messages import StageScripts

CONTENT = b"#!/bin/bash\necho a\n"
UPLOADED_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def request_for(stage, *paths, contents=()):
    references = [
        ScriptReference(
            pointer="customize[0].scriptUri",
            address="https://scripts/aibscripts/" + path,
            account="scripts",
            container="aibscripts",
            path=path,
            source_file=f"linux/{path}",
        )
        for path in paths
    ]
    return StageScripts(account=stage.account, container="aibscripts", scripts=tuple(references), contents=contents)


async def kept(azure, path="linux/a.sh", content=CONTENT, **facts):
    return ScriptContent(path=path, sha256=await script_contents.keep(azure, content), **facts)


def blob_of(azure, uploaded, path="a.sh"):
    return azure.blobs(uploaded.blob_endpoint).get_blob_client("aibscripts", path)


async def test_a_script_is_uploaded_as_the_run_has_it_and_where_it_comes_from_is_known(azure, stage):
    content = await kept(azure, origin=ScriptOrigin.UPLOADED, uploaded_at=UPLOADED_AT)
    uploaded = await upload_scripts(azure, request_for(stage, "a.sh", contents=(content,)))
    (script,) = uploaded.scripts
    assert script.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (script.path, script.origin, script.uploaded_at) == ("a.sh", "uploaded", UPLOADED_AT)
    assert await (await blob_of(azure, uploaded).download_blob()).readall() == CONTENT
    assert await find_scripts(azure, request_for(stage, "a.sh")) == uploaded


async def test_the_same_content_is_not_written_again(azure, stage):
    request = request_for(stage, "a.sh", contents=(await kept(azure),))
    first = await upload_scripts(azure, request)
    before = (await blob_of(azure, first).get_blob_properties()).etag
    assert await upload_scripts(azure, request) == first
    assert (await blob_of(azure, first).get_blob_properties()).etag == before


async def test_changed_content_replaces_the_blob(azure, stage):
    first = await upload_scripts(azure, request_for(stage, "a.sh", contents=(await kept(azure),)))
    other = await kept(azure, content=b"#!/bin/bash\necho other\n")
    second = await upload_scripts(azure, request_for(stage, "a.sh", contents=(other,)))
    assert first.scripts != second.scripts
    assert await find_scripts(azure, request_for(stage, "a.sh")) == second


async def test_scripts_that_are_not_there_are_named_all_at_once(azure, stage):
    with pytest.raises(StepFailed) as failed:
        await find_scripts(azure, request_for(stage, "a.sh", "b.sh"))
    assert failed.value.failure.code == "ScriptsMissing"
    assert "a.sh, b.sh" in failed.value.failure.message


async def test_a_script_that_the_run_was_asked_for_without_is_named(azure, stage):
    with pytest.raises(StepFailed) as failed:
        await upload_scripts(azure, request_for(stage, "a.sh", "b.sh", contents=(await kept(azure),)))
    assert failed.value.failure.code == "ScriptContentMissing"
    assert "linux/b.sh" in failed.value.failure.message
    assert "new run" in failed.value.failure.what_to_do


async def test_a_content_that_is_not_kept_any_more_is_named_and_what_to_do(azure, stage):
    lost = ScriptContent(path="linux/a.sh", sha256="0" * 64)
    with pytest.raises(StepFailed) as failed:
        await upload_scripts(azure, request_for(stage, "a.sh", contents=(lost,)))
    assert failed.value.failure.code == "ScriptContentMissing"
    assert "a.sh" in failed.value.failure.message
    assert "new run" in failed.value.failure.what_to_do


async def test_a_content_that_someone_changed_in_the_store_is_none(azure, stage):
    content = await kept(azure, content=b"#!/bin/bash\necho tampered with\n")
    container = own_blobs.container_of(azure)
    await container.upload_blob(f"script-contents/{content.sha256}", b"rm -rf /\n", overwrite=True)
    with pytest.raises(StepFailed, match="not kept any more"):
        await upload_scripts(azure, request_for(stage, "a.sh", contents=(content,)))


async def test_an_account_that_is_not_there_yet_asks_for_another_try(azure, wanted):
    with pytest.raises(AzureUnavailable, match="no blob endpoint"):
        await upload_scripts(azure, request_for(wanted, "a.sh"))
