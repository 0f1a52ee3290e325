"""Serves the app's blob triggers: blobs are found by an event or by looking, and each version is handed over once.

As with the real host, a receipt for each version of a blob lies in the container `azure-webjobs-hosts`; a function that
fails is tried five times, and then a note takes the place of the poison queue's message.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
from urllib.parse import quote, unquote

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.identity.aio import DefaultAzureCredential
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobServiceClient

from local.functions_host.app_settings import resolved
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

LOGGER = logging.getLogger("functions_host.blobs")
HOST_CONTAINER = "azure-webjobs-hosts"
TRIES = 5
SECONDS_BETWEEN_LOOKS = 1.0
PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
BLOB_OF_SUBJECT = re.compile(r"/containers/(?P<container>[^/]+)/blobs/(?P<blob>.+)$")


class BlobTriggers:
    """All blob triggers of an app."""

    def __init__(self, worker: FunctionsWorker) -> None:
        self._worker = worker
        self._credential = DefaultAzureCredential()
        self._accounts: dict[str, BlobServiceClient] = {}
        self._known: set[tuple[str, str, str]] = set()
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Look into the containers again and again, until canceled."""
        functions = self._worker.of_type("blobtrigger")
        while functions:
            for function in functions:
                try:
                    await self._look(function)
                except AzureError as error:
                    LOGGER.warning("%s: the container could not be read: %s", function.name, error)
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def close(self) -> None:
        """Close every connection."""
        for account in self._accounts.values():
            await account.close()
        await self._credential.close()

    async def on_event(self, function: Function, event: dict[str, object]) -> None:
        """Hand over the blob that a `Microsoft.Storage.BlobCreated` event tells of; other events are nothing."""
        subject = BLOB_OF_SUBJECT.search(unquote(str(event.get("subject", ""))))
        container, _ = _path_of(function)
        if (
            event.get("eventType") != "Microsoft.Storage.BlobCreated"
            or not subject
            or subject["container"] != container
        ):
            return
        blob = self._account(function).get_blob_client(container, subject["blob"])
        try:
            properties = await blob.get_blob_properties()
        except ResourceNotFoundError:
            return
        await self._hand_over(function, properties)

    async def _look(self, function: Function) -> None:
        container, _ = _path_of(function)
        try:
            async for blob in self._account(function).get_container_client(container).list_blobs():
                await self._hand_over(function, blob)
        except ResourceNotFoundError:
            return

    async def _hand_over(self, function: Function, blob: BlobProperties) -> None:
        container, pattern = _path_of(function)
        match = pattern.fullmatch(blob.name)
        etag = str(blob.etag).strip('"')
        version = (function.name, blob.name, etag)
        async with self._lock:
            if match is None or version in self._known or await self._has_receipt(function, version):
                self._known.add(version)
                return
            content = await (
                await self._account(function).get_blob_client(container, blob.name).download_blob()
            ).readall()
            uri = f"{self._account(function).url.rstrip('/')}/{container}/{quote(blob.name)}"
            metadata = {
                "BlobTrigger": TypedData(string=f"{container}/{blob.name}"),
                "Uri": TypedData(json=json.dumps(uri)),
                "Properties": TypedData(json=json.dumps({"ContentLength": blob.size, "ETag": str(blob.etag)})),
                "Metadata": TypedData(json=json.dumps(blob.metadata or {})),
            } | {name: TypedData(string=value) for name, value in match.groupdict().items()}
            if not await self._call(function, content, metadata):
                await self._note_poison(function, version)
            await self._write(function, _receipt(version), b"")
            self._known.add(version)

    async def _call(self, function: Function, content: bytes, metadata: dict[str, TypedData]) -> bool:
        for attempt in range(1, TRIES + 1):
            try:
                await self._worker.invoke(function, TypedData(bytes=content), metadata)
            except FunctionFailedError:
                LOGGER.warning("That was try %d of %d of %s.", attempt, TRIES, function.name)
            else:
                return True
        return False

    async def _note_poison(self, function: Function, version: tuple[str, str, str]) -> None:
        _, name, etag = version
        LOGGER.error("%s gave up on %s; the message is in %s/poison", function.name, name, HOST_CONTAINER)
        message = json.dumps({"FunctionId": f"Host.Functions.{function.name}", "BlobName": name, "ETag": etag})
        await self._write(function, f"poison/{function.name}/{etag}/{name}", message.encode())

    async def _has_receipt(self, function: Function, version: tuple[str, str, str]) -> bool:
        return await self._account(function).get_blob_client(HOST_CONTAINER, _receipt(version)).exists()

    async def _write(self, function: Function, name: str, content: bytes) -> None:
        container = self._account(function).get_container_client(HOST_CONTAINER)
        with contextlib.suppress(ResourceExistsError):
            await container.create_container()
        await container.upload_blob(name, content, overwrite=True)

    def _account(self, function: Function) -> BlobServiceClient:
        connection = function.trigger.get("connection") or "AzureWebJobsStorage"
        if connection not in self._accounts:
            verify = os.environ.get("CA_BUNDLE") or True
            self._accounts[connection] = BlobServiceClient(
                os.environ[f"{connection}__blobServiceUri"], credential=self._credential, connection_verify=verify
            )
        return self._accounts[connection]


def _path_of(function: Function) -> tuple[str, re.Pattern[str]]:
    """Return the container and the pattern of a trigger's path, such as `uploads/{name}`."""
    container, _, rest = resolved(function.trigger["path"]).partition("/")
    pattern = PLACEHOLDER.sub(r"(?P<\1>.+)", re.escape(rest)) if rest else ".+"
    return container, re.compile(pattern)


def _receipt(version: tuple[str, str, str]) -> str:
    function, name, etag = version
    return f"blobreceipts/{function}/{etag}/{name}"
