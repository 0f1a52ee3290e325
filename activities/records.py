"""Records: what happened in a run, kept in the app's own storage account."""

from azure_clients import records
from azure_clients.connection import AzureClients
from models.pipeline_record import PipelineRecord
from models.stage_messages import Done


async def publish_record(azure: AzureClients, record: PipelineRecord) -> Done:
    """Write the record of a run as it stands now.

    Azure: PUT of one blob.
    Repeat: writes the same record in the same place.
    """
    await records.put(azure, record)
    return Done()
