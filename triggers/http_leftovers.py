"""The HTTP API of leftovers: what earlier crashes left, as the last sweep found it."""

import azure.functions as func

from azure_clients import leftovers
from azure_clients.connection import AzureClients
from triggers.answers import json_answer


async def list_leftovers(azure: AzureClients) -> func.HttpResponse:
    """GET /api/leftovers: what the last sweep found, why it is a leftover, and what was done about it."""
    return json_answer((await leftovers.find_report(azure)).to_payload())
