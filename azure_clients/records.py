"""The records of pipeline runs: blobs in the app's own account, `pipeline-runs/<yyyy>-<MM>/<run id>.json`."""

from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import ContainerClient

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureAbsent
from models.pipeline_record import PipelineRecord, PipelineRunSummary
from policies.run_ids import month_of_run

CONTAINER = "records"
FOLDER = "pipeline-runs/"


async def put(azure: AzureClients, record: PipelineRecord) -> None:
    """Write the record in the place of an earlier one of the same run.

    What the list of runs shows is kept as metadata too, so that listing needs no reading of each record.
    """
    summary = {
        "image": record.image,
        "scope": record.scope.value,
        "state": record.state.value,
        "startedat": record.started_at.isoformat(),
        **({"endedat": record.ended_at.isoformat()} if record.ended_at else {}),
    }
    async with azure_call(f"write the record of run {record.id}"):
        await _container(azure).upload_blob(
            _path(record.id),
            record.model_dump_json(indent=2).encode(),
            overwrite=True,
            metadata=summary,
            content_settings=ContentSettings(content_type="application/json"),
        )


async def find(azure: AzureClients, run_id: str) -> PipelineRecord | None:
    """Read the record of a run, or None where there is none."""
    try:
        async with azure_call(f"read the record of run {run_id}"):
            download = await _container(azure).download_blob(_path(run_id))
            return PipelineRecord.model_validate_json(await download.readall())
    except AzureAbsent:
        return None


async def list_newest(azure: AzureClients, limit: int) -> list[PipelineRunSummary]:
    """Return the newest runs, newest first, at most `limit` of them."""
    async with azure_call("list the records of runs"):
        months = [item.name async for item in _container(azure).walk_blobs(FOLDER, delimiter="/")]
        summaries: list[PipelineRunSummary] = []
        for month in sorted(months, reverse=True):
            blobs = _container(azure).list_blobs(month, include=["metadata"])
            found = [_summary(blob.name, blob.metadata) async for blob in blobs]
            summaries += sorted(found, key=lambda summary: (summary.started_at, summary.id), reverse=True)
            if len(summaries) >= limit:
                break
    return summaries[:limit]


def _container(azure: AzureClients) -> ContainerClient:
    return azure.blobs(azure.app_blob_endpoint).get_container_client(CONTAINER)


def _path(run_id: str) -> str:
    return f"{FOLDER}{month_of_run(run_id)}/{run_id}.json"


def _summary(path: str, metadata: dict[str, str]) -> PipelineRunSummary:
    return PipelineRunSummary.model_validate(
        {
            "id": path.rsplit("/", 1)[-1].removesuffix(".json"),
            "image": metadata["image"],
            "scope": metadata["scope"],
            "state": metadata["state"],
            "started_at": metadata["startedat"],
            "ended_at": metadata.get("endedat"),
        }
    )
