"""The report of the last sweep: `records/leftovers.json`."""

from azure_clients import own_blobs
from azure_clients.connection import AzureClients
from models.leftovers import LeftoversReport

NAME = "leftovers.json"


async def put_report(azure: AzureClients, report: LeftoversReport) -> None:
    """Write the report in place of the one before."""
    await own_blobs.put(azure, NAME, report.model_dump_json(indent=2).encode(), "application/json")


async def find_report(azure: AzureClients) -> LeftoversReport:
    """Return the last report; an empty one where there was no sweep yet."""
    content = await own_blobs.read(azure, NAME)
    return LeftoversReport.model_validate_json(content) if content else LeftoversReport()
