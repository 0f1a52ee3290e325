"""Records: what happened in a run, kept in the app's own storage account."""

from azure_clients import records
from azure_clients.connection import AzureClients
from azure_clients.records import StoredRecord
from models.errors import AzureUnavailable
from models.pipeline_record import PipelineRecord
from models.stage_messages import BuildEnd, Done, WrittenRecord
from policies.runs.outcome import completed, merged
from telemetry.told_runs import tell


async def publish_record(azure: AzureClients, record: PipelineRecord) -> WrittenRecord:
    """Write the record of a run as it stands now, with the ends of builds that it did not wait for.

    Azure: GET and conditional PUT of one blob.
    Repeat: writes the same record in the same place; one that is further on by then stays.
    """
    stored = await records.read(azure, record.id)
    await _put_and_tell(azure, merged(record, stored.record), stored)
    return WrittenRecord(was_over=stored.record is not None and stored.record.ended_at is not None)


async def publish_build_end(azure: AzureClients, end: BuildEnd) -> Done:
    """Complete the record of a run with the end of a build that it did not wait for.

    Azure: GET and conditional PUT of one blob.
    Repeat: writes the same end in the same place; asks for another try while the stage is not in the record yet.
    """
    stored = await records.read(azure, end.run_id)
    stages = stored.record.stages if stored.record else ()
    if stored.record is None or end.rest.environment not in {stage.environment for stage in stages}:
        operation = f"complete the record of run {end.run_id}"
        raise AzureUnavailable(operation, "RecordNotWritten", f"The stage {end.rest.environment} is not in it yet.")
    await _put_and_tell(azure, completed(stored.record, end), stored)
    return Done()


async def _put_and_tell(azure: AzureClients, record: PipelineRecord, in_place_of: StoredRecord) -> None:
    await records.put(azure, record, in_place_of)
    tell(in_place_of.record, record)
