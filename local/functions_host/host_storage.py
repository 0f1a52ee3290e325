"""What the hosts of one app share: locks, receipts and the timers' status, as blobs in `azure-webjobs-hosts`."""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity.aio import DefaultAzureCredential
from azure.storage.blob.aio import BlobLeaseClient, BlobServiceClient, ContainerClient

LOGGER = logging.getLogger("functions_host.storage")
CONTAINER = "azure-webjobs-hosts"
CONNECTION = "AzureWebJobsStorage"
HELD_BY_ANOTHER = {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
# The shortest that Azure Storage gives: what a killed host held is free again after it.
LEASE_SECONDS = 15
SECONDS_BETWEEN_RENEWALS = 5.0


class Accounts:
    """The storage accounts that bindings name by their connection; the host's own is `AzureWebJobsStorage`."""

    def __init__(self) -> None:
        self._credential = DefaultAzureCredential()
        self._clients: dict[str, BlobServiceClient] = {}

    def of(self, connection: str) -> BlobServiceClient:
        """Return the client of a connection; raises KeyError where its setting `..__blobServiceUri` is missing."""
        if connection not in self._clients:
            verify = os.environ.get("CA_BUNDLE") or True
            self._clients[connection] = BlobServiceClient(
                os.environ[f"{connection}__blobServiceUri"], credential=self._credential, connection_verify=verify
            )
        return self._clients[connection]

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.close()
        await self._credential.close()


class HostStorage:
    """Small JSON notes and locks, by name."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def read(self, name: str) -> Any:
        """Return a note, or None where there is none."""
        try:
            blob = await self._container().download_blob(name)
        except ResourceNotFoundError:
            return None
        return json.loads(await blob.readall())

    async def write(self, name: str, note: Any) -> None:
        """Write a note, over an earlier one."""
        try:
            await self._container().upload_blob(name, json.dumps(note).encode(), overwrite=True)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                await self._container().create_container()
            await self._container().upload_blob(name, json.dumps(note).encode(), overwrite=True)

    async def names(self, prefix: str) -> list[str]:
        """Return the names of all notes that begin so."""
        try:
            return [blob.name async for blob in self._container().list_blobs(prefix)]
        except ResourceNotFoundError:
            return []

    async def remove(self, name: str) -> None:
        """Remove a note; one that is not there is nothing."""
        with contextlib.suppress(ResourceNotFoundError):
            await self._container().delete_blob(name)

    @contextlib.asynccontextmanager
    async def lock(self, name: str) -> AsyncGenerator[bool]:
        """Hold a lock if no other host holds it; gives whether it is held. It is renewed until the end."""
        lease = await self._acquire(f"locks/{name}")
        if lease is None:
            yield False
            return
        renewing = asyncio.create_task(_renew(lease))
        try:
            yield True
        finally:
            renewing.cancel()
            with contextlib.suppress(AzureError):
                await lease.release()

    async def _acquire(self, name: str) -> BlobLeaseClient | None:
        try:
            if await self.read(name) is None:
                await self.write(name, {})
            return await self._container().get_blob_client(name).acquire_lease(LEASE_SECONDS)
        except HttpResponseError as error:
            # Whoever made the blob at the same moment may hold it by now: neither to write nor to acquire then.
            if error.status_code in HELD_BY_ANOTHER:
                return None
            raise

    def _container(self) -> ContainerClient:
        return self._accounts.of(CONNECTION).get_container_client(CONTAINER)


async def _renew(lease: BlobLeaseClient) -> None:
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_RENEWALS)
        try:
            await lease.renew()
        except AzureError as error:
            LOGGER.warning("A lock could not be renewed: %s", error)
