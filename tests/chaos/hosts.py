"""Functions hosts of a stack: killed at any moment, frozen, cut off from the backend, and followed by others."""

import os
import re
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import override

import httpx
import psutil

from local.processes import Part, Processes
from local.stack_file import HostSettings, Stack
from tests.chaos.line import Line

WRONG_CLOCK = Path(__file__).parent / "wrong_clock"
ANNOUNCEMENT = re.compile(r'"url": "(http://[^"]+)"')
SECONDS_BETWEEN_LOOKS = 0.05
SECONDS_TO_ANSWER = 60.0


class Seat:
    """One host after another, each with an address of its own; all of them reach the backend by the seat's line."""

    def __init__(self, name: str, processes: Processes, settings: HostSettings) -> None:
        self.line = Line(settings.backend)
        self._settings = settings.model_copy(update={"backend": self.line.address})
        self._name, self._processes = name, processes
        self._part: Part | None = None
        self._frozen = False
        self.hosts = 0

    @property
    def url(self) -> str | None:
        """The address of the host that sits here, if it serves: it may be starting, frozen or dead."""
        part = self._part
        if part is None or self._frozen:
            return None
        found = ANNOUNCEMENT.search(part.output.read_text(encoding="utf-8"))
        return found[1] if found else None

    def start(self, clock_seconds_ahead: int = 0) -> None:
        """Start a host, without waiting until it serves."""
        self.hosts += 1
        name = f"functions-host-{self._name}-{self.hosts}"
        wrong_clock = {"PYTHONPATH": str(WRONG_CLOCK), "CLOCK_SECONDS_AHEAD": str(clock_seconds_ahead)}
        environment = self._settings.environment | wrong_clock
        self._part = self._processes.start(name, self._settings.command(0), environment)

    def kill(self) -> None:
        """Kill the host with SIGKILL, wherever it is."""
        assert self._part is not None
        process, self._part = self._part.process, None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Stop the host in the middle of what it does and let the backend give it up; later it goes on as if nothing
        had been.
        """
        assert self._part is not None
        process = psutil.Process(self._part.process.pid)
        self._frozen = True
        process.suspend()
        self.line.cut()
        try:
            yield
        finally:
            process.resume()
            self._frozen = False


class Hosts(httpx.BaseTransport):
    """Two seats; a request goes to a host that serves, as behind a load balancer."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        """`folder` is that of the stack, whose own host is killed and followed by these."""
        settings = HostSettings.read(folder)
        self.seats = [Seat(name, Processes(folder), settings) for name in ("a", "b")]
        self._transport = httpx.HTTPTransport()
        self._turn = 0
        # Set with each request that is to change something: a good moment for a host to die.
        self.asked_to_change = threading.Event()
        os.kill(stack.functions.pid, signal.SIGKILL)
        for seat in self.seats:
            seat.start()

    def serving(self) -> list[Seat]:
        """Return the seats whose host serves."""
        return [seat for seat in self.seats if seat.url]

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request that no host has got yet to one after another; raises where a host died over it."""
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while True:
            urls = [seat.url for seat in self.seats]
            self._turn += 1
            url = urls[self._turn % len(urls)]
            if url is not None:
                request.url = request.url.copy_with(port=httpx.URL(url).port)
                if request.method == "POST":
                    self.asked_to_change.set()
                try:
                    return self._transport.handle_request(request)
                except httpx.ConnectError:
                    pass
            if time.monotonic() > deadline:
                raise httpx.ConnectError("No host serves.", request=request)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    @override
    def close(self) -> None:
        self._transport.close()
        for seat in self.seats:
            seat.line.close()
