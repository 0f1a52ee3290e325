"""`python -m local.functions_host`: one functions host in the foreground; prints its address as JSON when ready."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn
from durabletask.client import AsyncTaskHubGrpcClient
from starlette.applications import Starlette

from local.functions_host.admin import admin_routes
from local.functions_host.app_settings import load_app_settings
from local.functions_host.blob_triggers import BlobTriggers
from local.functions_host.durable_bridge import DurableBridge, durable_client_binding
from local.functions_host.durable_webhooks import BASE, durable_routes
from local.functions_host.event_webhooks import EventWebhooks
from local.functions_host.http_triggers import http_routes
from local.functions_host.keys import Keys
from local.functions_host.timers import run_timers
from local.functions_host.worker import FunctionsWorker


async def serve(app_folder: Path, backend: str, listener: socket.socket, keys: Keys) -> None:
    """Serve the app of a folder until the process is asked to end; work that is under way is finished."""
    load_app_settings(app_folder)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    host = json.loads((app_folder / "host.json").read_text(encoding="utf-8"))
    task_hub = host.get("extensions", {}).get("durableTask", {}).get("hubName", "TestHubName")
    worker = FunctionsWorker(durable_client_binding(backend, f"{url}{BASE}", keys.system, task_hub))
    await worker.index(app_folder)
    bridge = DurableBridge(worker, backend)
    blobs = BlobTriggers(worker)
    async with AsyncTaskHubGrpcClient(host_address=backend) as client:
        routes = [
            *http_routes(worker, keys),
            *durable_routes(client, keys),
            *EventWebhooks(worker, blobs, keys).routes(),
            *admin_routes(worker, keys),
        ]
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off"))
        background = [asyncio.create_task(run) for run in (bridge.run(), run_timers(worker), blobs.run())]
        print(json.dumps({"url": url, "functions": len(worker.functions)}), flush=True)
        await server.serve([listener])
        for task in background:
            task.cancel()
        for task in background:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await bridge.finish()
        await blobs.close()


def main() -> None:
    """Read the command line; the keys come by the environment, where other users of the machine cannot see them."""
    parser = argparse.ArgumentParser(prog="python -m local.functions_host", description=__doc__)
    parser.add_argument("--app-folder", type=Path, required=True)
    parser.add_argument("--backend", required=True, help="host:port of the durable backend")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr
    )
    for chatty in ("azure", "azure_functions_runtime", "durabletask"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    keys = Keys(*(os.environ[f"LOCAL_{name}_KEY"] for name in ("FUNCTION", "MASTER", "SYSTEM")))
    listener = socket.create_server(("127.0.0.1", options.port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    asyncio.run(serve(options.app_folder.resolve(), options.backend, listener, keys))


if __name__ == "__main__":
    main()
