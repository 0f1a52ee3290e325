"""`python -m local.functions_host`: one functions host in the foreground; prints its address as JSON when ready."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, override

import uvicorn
from durabletask.client import AsyncTaskHubGrpcClient
from starlette.applications import Starlette

from local.functions_host.admin import Admin
from local.functions_host.app_settings import load_app_settings
from local.functions_host.blob_triggers import BlobTriggers
from local.functions_host.durable_bridge import DurableBridge, durable_client_binding
from local.functions_host.durable_webhooks import BASE, durable_routes
from local.functions_host.ending import Ending
from local.functions_host.event_subscriptions import EventSubscriptions
from local.functions_host.event_webhooks import EventWebhooks
from local.functions_host.host_storage import Accounts, HostStorage
from local.functions_host.http_triggers import http_routes
from local.functions_host.keys import Keys
from local.functions_host.log_format import LineFormatter
from local.functions_host.timers import run_timers
from local.functions_host.worker import FunctionFailedError, FunctionsWorker

# Uvicorn writes where the host does; `X-Forwarded-…` is the app's to read, nobody stands before this host.
SERVER: dict[str, Any] = {"log_config": None, "access_log": False, "proxy_headers": False, "lifespan": "off"}


class _Server(uvicorn.Server):
    """Leaves the signals to the host, which has more to end than HTTP."""

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Generator[None]:
        yield


async def serve(app_folder: Path, backend: str, listener: socket.socket, keys: Keys) -> None:
    """Serve the app of a folder until the process is asked to end; work that is under way is finished."""
    ending = Ending()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, ending.set)
    load_app_settings(app_folder)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    host = json.loads((app_folder / "host.json").read_text(encoding="utf-8"))
    extensions = host.get("extensions", {})
    durable = extensions.get("durableTask", {})
    task_hub = durable.get("hubName", "TestHubName")
    worker = FunctionsWorker(durable_client_binding(backend, f"{url}{BASE}", keys.system, task_hub))
    try:
        await worker.index(app_folder)
    except FunctionFailedError:
        sys.exit("The app cannot be loaded; what it raised is above.")
    accounts = Accounts()
    storage = HostStorage(accounts)
    blobs = BlobTriggers(worker, accounts, storage)
    admin = Admin(worker, blobs, keys)
    events = EventSubscriptions(worker, url, keys)
    async with AsyncTaskHubGrpcClient(host_address=backend, logger=logging.getLogger("durabletask")) as client:
        routes = [
            *http_routes(worker, keys, extensions.get("http", {}).get("routePrefix", "api")),
            *durable_routes(client, keys),
            *EventWebhooks(worker, blobs, keys).routes(),
            *admin.routes(),
        ]
        server = _Server(uvicorn.Config(Starlette(routes=routes), **SERVER))
        # A part that breaks ends the host, which says why; nothing goes on half served.
        async with asyncio.TaskGroup() as parts:
            parts.create_task(server.serve([listener]))
            parts.create_task(DurableBridge(worker, backend, durable).run(ending))
            parts.create_task(run_timers(worker, storage, ending))
            parts.create_task(blobs.run(ending))
            await events.subscribe()
            print(json.dumps({"url": url, "functions": len(worker.functions)}), flush=True)
            await ending.wait()
            await events.unsubscribe()
            server.should_exit = True
        await admin.finish()
    await accounts.close()


def main() -> None:
    """Read the command line; the keys come by the environment, where other users of the machine cannot see them."""
    parser = argparse.ArgumentParser(prog="python -m local.functions_host", description=__doc__)
    parser.add_argument("--app-folder", type=Path, required=True)
    parser.add_argument("--backend", required=True, help="host:port of the durable backend")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("azure", "azure_functions_runtime", "durabletask", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    keys = Keys(*(os.environ[f"LOCAL_{name}_KEY"] for name in ("FUNCTION", "MASTER", "SYSTEM")))
    listener = socket.create_server(("127.0.0.1", options.port))
    # Connections inherit it; asyncio sets it only on sockets that it made itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    asyncio.run(serve(options.app_folder.resolve(), options.backend, listener, keys))


if __name__ == "__main__":
    main()
