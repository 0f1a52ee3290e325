"""The HTTP API of uploads: which are in force, and which were refused."""

import azure.functions as func

from activities.run_scripts import read_and_sort_uploads, sha256_of_upload
from azure_clients import refused_uploads
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import CONTENTS_AT_ONCE, few_at_once
from configuration.reading import ConfigurationReading, images_using
from configuration.settings import Settings
from models.scripts import Upload, UploadsList, UsedUpload
from triggers.answers import json_answer, limit_of


async def list_uploads(azure: AzureClients, settings: Settings, request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/uploads: the uploads that count, and the notes on those that do not, newest first.

    `limit` says how many of each at most (default 50).
    """
    limit = limit_of(request)
    reading, found = await read_and_sort_uploads(azure, settings)
    newest = sorted(found.counting.values(), key=lambda upload: (upload.uploaded_at, upload.path), reverse=True)[:limit]
    told = await few_at_once(lambda upload: _used(azure, reading, upload), newest, CONTENTS_AT_ONCE)
    refused = await refused_uploads.list_newest(azure, limit)
    answer = UploadsList(uploads=tuple(one for one in told if one), refused=refused)
    return json_answer(answer.to_payload())


async def _used(azure: AzureClients, reading: ConfigurationReading, upload: Upload) -> UsedUpload | None:
    """Return what an upload is used for, or None where it has changed or gone since it was listed."""
    sha256 = await sha256_of_upload(azure, upload)
    if sha256 is None:
        return None
    return UsedUpload(
        path=upload.path,
        sha256=sha256,
        size=upload.size,
        uploaded_at=upload.uploaded_at,
        images=images_using(reading, upload.path),
    )
