"""Serves the app's blob triggers: blobs are found by an event or by looking, and each version is handed over once.

As with the real host, a receipt for each version of a blob lies in the container `azure-webjobs-hosts`; a function that
fails is tried five times, and then a note takes the place of the poison queue's message. Where a blob with a receipt is
gone, the app's Event Grid triggers are told, and its receipts go too.
"""

import json
import logging
import re
from urllib.parse import quote, unquote

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from local.functions_host.app_settings import resolved
from local.functions_host.blob_deletions import tell_of_deletion
from local.functions_host.ending import Ending
from local.functions_host.host_storage import CONNECTION, Accounts, HostStorage
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

LOGGER = logging.getLogger("functions_host.blobs")
TRIES = 5
SECONDS_BETWEEN_LOOKS = 1.0
PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
RECEIPTS = "blobreceipts"
BLOB_OF_SUBJECT = re.compile(r"/containers/(?P<container>[^/]+)/blobs/(?P<blob>.+)$")

type Version = tuple[str, str, str]


class BlobTriggers:
    """All blob triggers of an app."""

    def __init__(self, worker: FunctionsWorker, accounts: Accounts, storage: HostStorage) -> None:
        self._worker = worker
        self._accounts = accounts
        self._storage = storage
        # Function, blob and ETag: those that need not be looked at again.
        self._done: set[Version] = set()

    async def run(self, ending: Ending) -> None:
        """Look into the containers again and again, which stands in for Event Grid."""
        functions = self._worker.of_type("blobtrigger")
        unread = {function.name for function in functions}
        while functions and not ending.is_set():
            for function in functions:
                try:
                    if function.name in unread:
                        await self._read_receipts(function)
                        unread.remove(function.name)
                    await self._look(function, ending)
                except AzureError as error:
                    LOGGER.warning("%s: the container could not be read: %s", function.name, error)
            await ending.pause(SECONDS_BETWEEN_LOOKS)

    async def on_event(self, function: Function, event: dict[str, object]) -> None:
        """Hand over the blob that a `Microsoft.Storage.BlobCreated` event tells of; other events are nothing."""
        subject = BLOB_OF_SUBJECT.search(unquote(str(event.get("subject", ""))))
        container, _ = _path_of(function)
        is_created = event.get("eventType") == "Microsoft.Storage.BlobCreated"
        if not is_created or not subject or subject["container"] != container:
            return
        try:
            blob = await self._container(function).get_blob_client(subject["blob"]).get_blob_properties()
        except ResourceNotFoundError:
            return
        await self._hand_over(function, blob)

    async def run_by_hand(self, function: Function, path: str) -> None:
        """Call a function with the blob at `container/name`, whether or not it was handed over before.

        Raises ResourceNotFoundError where there is none, FunctionFailedError where the function fails.
        """
        container, _, name = path.partition("/")
        blob = await self._account(function).get_blob_client(container, name).get_blob_properties()
        await self._call(function, blob)

    async def _read_receipts(self, function: Function) -> None:
        """Take up what this function was given before this host started."""
        for receipt in await self._storage.names(f"{RECEIPTS}/{function.name}/"):
            _, _, etag, name = receipt.split("/", 3)
            self._done.add((function.name, name, etag))

    async def _look(self, function: Function, ending: Ending) -> None:
        given = {version for version in self._done if version[0] == function.name}
        there: set[str] = set()
        try:
            async for blob in self._container(function).list_blobs():
                if ending.is_set():
                    return
                there.add(blob.name)
                try:
                    await self._hand_over(function, blob)
                except AzureError as error:
                    # One whose name is too long for a receipt keeps no other from being handed over.
                    LOGGER.warning("%s was not given %.80r: %s", function.name, blob.name, error)
        except ResourceNotFoundError:
            return
        for name in sorted({name for _, name, _ in given} - there):
            await self._tell_of_deletion(function, name)

    async def _tell_of_deletion(self, function: Function, name: str) -> None:
        """Tell of a blob that is gone, in one of all hosts."""
        container = self._container(function)
        versions = [version for version in self._done if version[:2] == (function.name, name)]
        receipts = [_receipt(version) for version in versions]
        async with self._storage.lock(f"deletions/{function.name}/{name}") as held:
            # It may have come back since the container was listed.
            if not held or await container.get_blob_client(name).exists():
                return
            if any([await self._storage.read(receipt) is not None for receipt in receipts]):
                await tell_of_deletion(self._worker, container, name)
            for receipt in receipts:
                await self._storage.remove(receipt)
        self._done.difference_update(versions)

    async def _hand_over(self, function: Function, blob: BlobProperties) -> None:
        _, pattern = _path_of(function)
        version = (function.name, blob.name, _etag(blob))
        if version in self._done or not pattern.fullmatch(blob.name):
            return
        receipt = _receipt(version)
        # Another host that is at it, or dies at it, leaves the lock or no receipt: the next look finds out.
        async with self._storage.lock(receipt) as held:
            if not held:
                return
            if await self._storage.read(receipt) is None:
                try:
                    await self._try_often(function, blob)
                except ResourceNotFoundError:
                    return
                await self._storage.write(receipt, {"etag": _etag(blob)})
            self._done.add(version)

    async def _try_often(self, function: Function, blob: BlobProperties) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._call(function, blob)
            except FunctionFailedError:
                LOGGER.warning("That was try %d of %d of %s.", attempt, TRIES, function.name)
            else:
                return
        note = "/".join(("poison", function.name, _etag(blob), blob.name))
        message = {"FunctionId": f"Host.Functions.{function.name}", "BlobName": blob.name, "ETag": _etag(blob)}
        await self._storage.write(note, message)
        LOGGER.error("%s gave up on %s; the message is %s.", function.name, blob.name, note)

    async def _call(self, function: Function, blob: BlobProperties) -> None:
        container = self._container(function)
        _, pattern = _path_of(function)
        match = pattern.fullmatch(blob.name)
        content = await (await container.download_blob(blob.name)).readall()
        metadata = {
            "BlobTrigger": TypedData(string=f"{container.container_name}/{blob.name}"),
            "Uri": TypedData(json=json.dumps(f"{container.url}/{quote(blob.name)}")),
            "Properties": TypedData(json=json.dumps({"ContentLength": len(content), "ETag": _etag(blob)})),
            "Metadata": TypedData(json=json.dumps(blob.metadata or {})),
        } | {name: TypedData(string=value) for name, value in (match.groupdict() if match else {}).items()}
        await self._worker.invoke(function, TypedData(bytes=content), metadata)

    def _container(self, function: Function) -> ContainerClient:
        return self._account(function).get_container_client(_path_of(function)[0])

    def _account(self, function: Function) -> BlobServiceClient:
        return self._accounts.of(function.trigger.get("connection") or CONNECTION)


def _path_of(function: Function) -> tuple[str, re.Pattern[str]]:
    """Return the container and the pattern of a trigger's path, such as `uploads/{name}`."""
    container, _, rest = resolved(function.trigger["path"]).partition("/")
    pattern = PLACEHOLDER.sub(r"(?P<\1>.+)", re.escape(rest)) if rest else ".+"
    return container, re.compile(pattern, re.DOTALL)


def _receipt(version: Version) -> str:
    function, name, etag = version
    return f"{RECEIPTS}/{function}/{etag}/{name}"


def _etag(blob: BlobProperties) -> str:
    return str(blob.etag).strip('"')
