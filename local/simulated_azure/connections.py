"""Connections that can be cut from inside a request, as a fault."""

from asyncio import BaseTransport, Transport
from typing import cast, override
from weakref import WeakValueDictionary

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

# By the client's address and port, which every request's scope tells.
_open: WeakValueDictionary[tuple[str, int], BaseTransport] = WeakValueDictionary()


class KnownConnection(H11Protocol):
    """uvicorn's protocol; it remembers the connection, and is cut off at the end."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn types it alike
        """A client has connected."""
        super().connection_made(transport)
        _open[transport.get_extra_info("peername")[:2]] = transport

    @override
    def shutdown(self) -> None:
        """The server stops; a client that does not say goodbye would keep it for half a minute."""
        self.transport.abort()


async def drop_connection(scope: Scope, receive: Receive) -> None:
    """Close the client's connection at once, without an answer; returns when it is closed."""
    connection = _open.get(tuple(scope["client"]))
    if connection is not None:
        cast("Transport", connection).abort()
    await await_disconnection(receive)


async def await_disconnection(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
