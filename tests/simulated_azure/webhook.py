"""A webhook as Event Grid delivers to: it says whether it wants the events, and keeps what comes."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, override


class Webhook:
    """A server in a thread of its own; `status` is what it answers to events, `code` what it echoes in the handshake.

    `events` are those that it took, `tries` all that came, each with its headers.
    """

    def __init__(self, port: int = 0) -> None:
        self.status = 200
        self.echoes = True
        self.events: list[dict[str, Any]] = []
        self.tries: list[tuple[dict[str, str], dict[str, Any]]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                (event,) = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, body = webhook.answer({key.lower(): value for key, value in self.headers.items()}, event)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?code=secret"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, headers: dict[str, str], event: dict[str, Any]) -> tuple[int, bytes]:
        """Take one event."""
        if headers["aeg-event-type"] == "SubscriptionValidation":
            code = event["data"]["validationCode"] if self.echoes else "another"
            return 200, json.dumps({"validationResponse": code}).encode()
        self.tries.append((headers, event))
        if self.status == 200:
            self.events.append(event)
        return self.status, b""

    def types(self) -> list[str]:
        """The last words of the types of the events that it took."""
        return [event["eventType"].rpartition(".Resource")[2] for event in self.events]


def eventually[T](read: Callable[[], T], is_so: Callable[[T], bool], within_seconds: float = 10) -> T:
    """Return what is read once it is as wanted; fails with the last reading at the deadline."""
    deadline = time.monotonic() + within_seconds
    while not is_so(found := read()):
        assert time.monotonic() < deadline, f"Not so within {within_seconds} s: {found}"
        time.sleep(0.01)
    return found
