"""Stands in for the Event Grid topic of a storage account where blobs are deleted.

Every Event Grid trigger of the app gets a `Microsoft.Storage.BlobDeleted` event, as one with a subscription to the
account would; it passes over what it does not want. A delivery that fails is tried five times in all.
"""

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from azure.storage.blob.aio import ContainerClient

from local.functions_host.worker import FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

LOGGER = logging.getLogger("functions_host.blobs")
TRIES = 5


async def tell_of_deletion(worker: FunctionsWorker, container: ContainerClient, name: str) -> None:
    """Give the event of a deleted blob to every Event Grid trigger of the app."""
    event = TypedData(json=json.dumps(_event(container, name)))
    for function in worker.of_type("eventgridtrigger"):
        for attempt in range(1, TRIES + 1):
            try:
                await worker.invoke(function, event)
            except FunctionFailedError:
                LOGGER.warning("That was try %d of %d of %s.", attempt, TRIES, function.name)
            else:
                break


def _event(container: ContainerClient, name: str) -> dict[str, Any]:
    """Return the event in Event Grid's own schema."""
    return {
        "id": str(uuid.uuid4()),
        "topic": f"/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/"
        f"{container.account_name}",
        "subject": f"/blobServices/default/containers/{container.container_name}/blobs/{name}",
        "eventType": "Microsoft.Storage.BlobDeleted",
        "eventTime": datetime.now(UTC).isoformat(),
        "data": {"api": "DeleteBlob", "blobType": "BlockBlob", "url": f"{container.url}/{quote(name)}"},
        "dataVersion": "",
        "metadataVersion": "1",
    }
