"""The time by the app's own storage account: the clock of a functions host may be off, and differ from another's."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from azure_clients import own_blobs
from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients


async def now(azure: AzureClients) -> datetime:
    """Return the time in UTC, to the second: the date of an answer of the storage account, whatever the answer is."""
    dates: list[str] = []

    def note(response: Any) -> None:
        dates.append(response.http_response.headers["Date"])

    async with azure_call("read the time"):
        await own_blobs.container_of(azure).exists(raw_response_hook=note)
    return parsedate_to_datetime(dates[-1]).astimezone(UTC)
