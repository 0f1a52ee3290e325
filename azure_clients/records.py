"""The records of pipeline runs: blobs in the app's own account, `pipeline-runs/<yyyy>-<MM>/<run id>.json`."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from azure.core import MatchConditions
from azure.storage.blob import ContentSettings
from pydantic import ValidationError

from azure_clients import own_blobs
from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import few_at_once
from models.errors import AzureAbsent, AzureRefused, AzureUnavailable
from models.pipeline_record import PipelineRecord, PipelineRunSummary
from policies.runs.ids import is_run_id, month_of_run

FOLDER = "pipeline-runs/"
LOGS = "build-logs/"
# The codes of a conditional write that another one overtook.
OVERTAKEN = {"ConditionNotMet", "BlobAlreadyExists"}


@dataclass(frozen=True)
class StoredRecord:
    """A record as it lies in the storage account; `etag` is None where there is none yet."""

    record: PipelineRecord | None
    etag: str | None


async def put(azure: AzureClients, record: PipelineRecord, in_place_of: StoredRecord) -> None:
    """Write the record in the place of the one that was read; where another came between, asks for another try.

    What the list of runs shows is kept as metadata too, so that listing needs no reading of each record. The container
    is made if it is missing.
    """
    try:
        await _upload(azure, record, in_place_of.etag)
    except AzureAbsent:
        await own_blobs.make_container(azure)
        await _upload(azure, record, in_place_of.etag)


async def put_log(azure: AzureClients, run_id: str, template_name: str, content: bytes) -> str:
    """Keep a template's build log beside the records, under the run that removed it; returns the blob's name."""
    name = f"{LOGS}{month_of_run(run_id)}/{run_id}/{template_name}/customization.log"
    async with azure_call(f"keep the build log of {template_name}"):
        await own_blobs.container_of(azure).upload_blob(name, content, overwrite=True)
    return name


async def find(azure: AzureClients, run_id: str) -> PipelineRecord | None:
    """Read the record of a run, or None where there is none."""
    return (await read(azure, run_id)).record


async def read(azure: AzureClients, run_id: str) -> StoredRecord:
    """Read the record of a run as it lies there, to be written anew."""
    try:
        async with azure_call(f"read the record of run {run_id}"):
            download = await own_blobs.container_of(azure).download_blob(_path(run_id))
            content = await download.readall()
            return StoredRecord(PipelineRecord.model_validate_json(content), download.properties.etag)
    except AzureAbsent:
        return StoredRecord(None, None)


async def list_of_image(azure: AzureClients, image: str, limit: int) -> tuple[PipelineRecord, ...]:
    """Return the records of an image's runs, newest first, at most `limit` of them."""
    return await find_all(azure, await list_newest(azure, limit, image))


async def find_all(azure: AzureClients, summaries: Iterable[PipelineRunSummary]) -> tuple[PipelineRecord, ...]:
    """Read the records of runs that were listed, in the order of the list."""
    found = await few_at_once(lambda summary: find(azure, summary.id), summaries)
    return tuple(record for record in found if record is not None)


async def list_newest(azure: AzureClients, limit: int, image: str | None = None) -> list[PipelineRunSummary]:
    """Return the newest runs, of one image or of all, newest first, at most `limit` of them."""
    summaries: list[PipelineRunSummary] = []
    try:
        async with azure_call("list the records of runs"):
            months = [item.name async for item in own_blobs.container_of(azure).walk_blobs(FOLDER, delimiter="/")]
            for month in sorted(months, reverse=True):
                is_enough = len(summaries) >= limit
                # The id of a run begins with its image, and so may those of an image with a longer name.
                blobs = own_blobs.container_of(azure).list_blobs(
                    f"{month}{image}-" if image else month, include=["metadata"]
                )
                summary_of = (_summary(blob.name, blob.metadata) async for blob in blobs)
                found = [one async for one in summary_of if one and image in {None, one.image}]
                summaries += found
                # A run that is asked for at the end of a month may begin in the next one: one month more is read.
                if is_enough:
                    break
    except AzureAbsent:
        return []
    return sorted(summaries, key=lambda summary: (summary.started_at, summary.id), reverse=True)[:limit]


async def _upload(azure: AzureClients, record: PipelineRecord, etag: str | None) -> None:
    summary = {
        "image": record.image,
        "scope": record.scope.value,
        "state": record.state.value,
        "startedby": record.started_by.kind,
        **({"month": record.started_by.month} if record.started_by.month else {}),
        "startedat": record.started_at.isoformat(),
        **({"endedat": record.ended_at.isoformat()} if record.ended_at else {}),
    }
    upload = partial(
        own_blobs.container_of(azure).upload_blob,
        _path(record.id),
        record.model_dump_json(indent=2).encode(),
        metadata=summary,
        content_settings=ContentSettings(content_type="application/json"),
    )
    operation = f"write the record of run {record.id}"
    try:
        async with azure_call(operation):
            if etag is None:
                await upload(overwrite=False)
            else:
                await upload(overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    except AzureRefused as refused:
        if refused.code in OVERTAKEN:
            raise AzureUnavailable(operation, refused.code, "Another writer came first.") from refused
        raise


def _path(run_id: str) -> str:
    return f"{FOLDER}{month_of_run(run_id)}/{run_id}.json"


def _summary(path: str, metadata: dict[str, str] | None) -> PipelineRunSummary | None:
    """Return what a blob tells of its run, or None for one that is no record of ours: others write here too."""
    told = metadata or {}
    run_id = path.rsplit("/", 1)[-1].removesuffix(".json")
    if not is_run_id(run_id):
        return None
    try:
        return PipelineRunSummary.model_validate(
            {
                "id": run_id,
                "image": told.get("image"),
                "scope": told.get("scope"),
                "state": told.get("state"),
                "started_by": {"kind": told.get("startedby"), "month": told.get("month")},
                "started_at": told.get("startedat"),
                "ended_at": told.get("endedat"),
            }
        )
    except ValidationError:
        return None
