"""Starts and stops the simulated Azure on real sockets, in a thread of its own."""

import asyncio
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from local.simulated_azure import identity_endpoint, tokens
from local.simulated_azure.arm.application import ResourceManager
from local.simulated_azure.arm.routing import Router
from local.simulated_azure.azure import Azure
from local.simulated_azure.blob_front import BlobFront
from local.simulated_azure.blob_pool import BlobPool
from local.simulated_azure.clock import Clock
from local.simulated_azure.connections import KnownConnection
from local.simulated_azure.control_plane import control_plane
from local.simulated_azure.faults import Faults
from local.simulated_azure.pace import Pace
from local.simulated_azure.providers import ROUTES
from local.simulated_azure.request_log import RequestLog

_HOST = "127.0.0.1"
_STARTUP_SECONDS = 20.0
_HEARTBEAT_SECONDS = 0.05
# Longer than clients pause between two reads; a shorter one closes connections that they are about to use.
_KEEP_ALIVE_SECONDS = 120
_MANAGEMENT = "https://management.azure.com"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a simulated Azure is started with."""

    certificate: Path
    """PEM file, valid for 127.0.0.1."""
    private_key: Path
    """PEM file of the certificate's key."""
    subscriptions: Sequence[str]
    """Ids of the subscriptions that exist."""
    ca_file: Path | None = None
    """PEM file of the authority that signed the certificates of this server and of the blob service."""
    blob_endpoint: str | None = None
    """`https://host:port` of an Azurite; without it scripts are not read and logs not written."""
    blob_accounts: Sequence[str] = ()
    """Names of the accounts that this Azurite serves."""
    blob_front: bool = False
    """Whether clients reach it through a front, at which faults can strike what they ask of blobs."""
    pace: Pace = field(default_factory=Pace)
    port: int = 0
    """Of Azure Resource Manager; 0 lets the system choose."""
    identity_port: int = 0
    """Of the token endpoint; likewise."""


class SimulatedAzure:
    """Azure Resource Manager over https and a managed identity's token endpoint over http.

    `start()`/`stop()`, or a `with` block. It runs in its own thread, so it can be used from synchronous and
    asynchronous code and from fixtures of any scope. `faults`, `requests`, `clock` and `pace` may be used from there.
    """

    def __init__(self, settings: Settings) -> None:
        """Prepare it; `start()` serves."""
        self.ca_file = settings.ca_file
        self.identity_header = secrets.token_hex(16)
        blobs = BlobPool(settings.blob_endpoint, settings.blob_accounts, settings.ca_file)
        self._azure = Azure([*settings.subscriptions], blobs, settings.pace, ca_file=settings.ca_file)
        manager = ResourceManager(self._azure, Router(ROUTES), control_plane(self._azure))
        identity = identity_endpoint.IdentityEndpoint(self._azure, self.identity_header)
        tls = {"ssl_certfile": settings.certificate, "ssl_keyfile": str(settings.private_key)}
        self._arm = _server(manager, settings.port, **tls)
        self._identity = _server(identity, settings.identity_port)
        self._blob_front = _server(BlobFront(self._azure), 0, **tls) if settings.blob_front else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="simulated-azure", daemon=True)

    @property
    def arm_url(self) -> str:
        """`https://127.0.0.1:port`."""
        return f"https://{_HOST}:{_port(self._arm)}"

    @property
    def identity_endpoint(self) -> str:
        """Value for `IDENTITY_ENDPOINT`; `identity_header` is the one for `IDENTITY_HEADER`."""
        return f"http://{_HOST}:{_port(self._identity)}{identity_endpoint.PATH}"

    @property
    def blob_endpoint(self) -> str | None:
        """Where clients find the blob accounts, each at its name; None without an Azurite."""
        return self._azure.blobs.endpoint

    @property
    def subscriptions(self) -> list[str]:
        """Ids of the subscriptions that exist."""
        return self._azure.subscriptions

    @property
    def tenant_id(self) -> str:
        """Of all principals."""
        return self._azure.tenant_id

    @property
    def app_principal_id(self) -> str:
        """Object id of the identity that the token endpoint speaks for."""
        return self._azure.app_principal_id

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._azure.faults

    @property
    def requests(self) -> RequestLog:
        """What was asked and answered."""
        return self._azure.requests

    @property
    def clock(self) -> Clock:
        """The simulation's time."""
        return self._azure.clock

    @property
    def pace(self) -> Pace:
        """How long things take."""
        return self._azure.pace

    @property
    def owners(self) -> set[str]:
        """Object ids of the principals that may do anything: an operator, and the app unless it is taken out."""
        return self._azure.owners

    def operator_token(self) -> str:
        """A token of the operator, who may do anything."""
        azure = self._azure
        return tokens.issue(azure.tenant_id, azure.operator_principal_id, azure.operator_principal_id, _MANAGEMENT)[0]

    def keep_baseline(self) -> None:
        """Let what there is now be there after each reset."""
        self._azure.keep_baseline()

    def token(self, resource: str = _MANAGEMENT) -> str:
        """A token of the app's own principal, for callers without an SDK."""
        azure = self._azure
        return tokens.issue(azure.tenant_id, azure.app_principal_id, azure.app_client_id, resource)[0]

    def advance(self, seconds: float) -> None:
        """Let time pass, and let happen what is due by then."""
        self._azure.clock.advance(timedelta(seconds=seconds))
        asyncio.run_coroutine_threadsafe(self._azure.agenda.run_due(), self._loop).result(_STARTUP_SECONDS)

    def reset(self) -> None:
        """Back to an empty tenant: no resources, no faults, an empty log, all blob accounts free; and time runs."""
        asyncio.run_coroutine_threadsafe(self._azure.reset(), self._loop).result(_STARTUP_SECONDS)
        self._azure.clock.thaw()

    def start(self) -> Self:
        """Serve; returns when both ports answer.

        Raises:
            RuntimeError: The ports or the certificate cannot be used.
        """
        self._thread.start()
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not all(server.started for server in self._servers):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("The simulated Azure could not start; uvicorn said why on standard error.")
            time.sleep(0.01)
        if self._blob_front:
            self._azure.blobs.endpoint = f"https://{_HOST}:{_port(self._blob_front)}"
        return self

    def stop(self) -> None:
        """Close all connections and end the thread."""
        for server in self._servers:
            server.should_exit = server.force_exit = True
        self._thread.join(_STARTUP_SECONDS)

    @property
    def _servers(self) -> list[uvicorn.Server]:
        return [self._arm, self._identity, *([self._blob_front] if self._blob_front else [])]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        heartbeat = asyncio.create_task(self._keep_time())
        try:
            await asyncio.gather(*(server.serve() for server in self._servers))
        finally:
            heartbeat.cancel()
            await self._azure.events.close()
            await self._azure.blobs.close()

    async def _keep_time(self) -> None:
        """What is due happens although nobody asks; the log of a build grows by this."""
        while True:
            await self._azure.agenda.run_due()
            await asyncio.sleep(_HEARTBEAT_SECONDS)


def _server(application: ASGIApp, port: int, **tls: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application,
            _HOST,
            port,
            http=KnownConnection,
            lifespan="off",
            log_config=None,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            **tls,
        ),
    )


def _port(server: uvicorn.Server) -> int:
    """The port that the system chose."""
    return server.servers[0].sockets[0].getsockname()[1]
