"""A web server in place of all those that the scripts download from, which fails when it is told to.

It speaks HTTPS with certificates of an authority of its own. `curlrc` sends every connection of curl here, whatever
host the address names: the scripts ask as they are, and curl checks as it always does.
"""

import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import trustme

type Fault = Literal["404", "503", "dropped", "truncated", "stalled", "changed", "longer"]

HOSTS = (
    "builds.dotnet.microsoft.com",
    "checkpoint-api.hashicorp.com",
    "dl.k8s.io",
    "github.com",
    "packages.microsoft.com",
    "releases.hashicorp.com",
    "www.hashicorp.com",
)


@dataclass
class Mirror:
    """What is served, by host and path; `requests` are those that came, in the same form."""

    port: int
    authority: Path
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    requests: list[str] = field(default_factory=list[str])
    faults: dict[str, tuple[Fault, int]] = field(default_factory=dict[str, tuple[Fault, int]])
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def curlrc(self) -> str:
        return f'cacert = "{self.authority}"\nconnect-to = "::127.0.0.1:{self.port}"\n'

    def fail(self, address: str, fault: Fault, times: int = 99) -> None:
        """Let the next requests of an address meet a fault."""
        self.faults[address] = (fault, times)

    def fault_of(self, address: str) -> Fault | None:
        """Return what the request that is here now shall meet."""
        fault, times = self.faults.get(address, ("404", 0))
        self.faults[address] = (fault, times - 1)
        return fault if times > 0 else None

    def reset(self) -> None:
        self.files.clear()
        self.requests.clear()
        self.faults.clear()


@contextmanager
def serving(folder: Path) -> Generator[Mirror]:
    """Serve at a port of 127.0.0.1 as long as the context lasts."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(tls)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    mirror = _Answer.mirror = Mirror(server.server_port, folder / "authority.pem")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Answer(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        address = f"{self.headers['Host']}{self.path}"
        self.mirror.requests.append(address)
        fault = self.mirror.fault_of(address)
        content = self.mirror.files.get(address)
        if fault == "dropped":
            self.connection.close()
        elif content is None or fault in {"404", "503"}:
            page = b"<html>This is not what you have asked for.</html>"
            self._send(int(fault or "404") if fault in {"404", "503"} else 404, page, page)
        elif fault == "changed":
            self._send(200, content, content[:-1] + bytes([content[-1] ^ 1]))
        elif fault == "longer":
            self._send(200, content + b"\0", content + b"\0")
        elif fault in {"truncated", "stalled"}:
            self._send(200, content, content[: len(content) // 2])
            if fault == "stalled":
                self.mirror.over.wait(60)
        else:
            self._send(200, content, content)

    def _send(self, status: int, announced: bytes, sent: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(announced)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of http.server's own
        """Keep the log of the tests clean."""
