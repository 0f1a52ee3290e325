"""Connections that can be cut from inside a request, as a fault."""

from asyncio import BaseTransport, Transport
from typing import cast
from weakref import WeakValueDictionary

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

# By the client's address and port, which every request's scope tells.
_open: WeakValueDictionary[tuple[str, int], BaseTransport] = WeakValueDictionary()


class KnownConnection(H11Protocol):
    """uvicorn's protocol; it only remembers the connection."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn types it alike
        """A client has connected."""
        super().connection_made(transport)
        _open[transport.get_extra_info("peername")[:2]] = transport


def drop_connection(scope: Scope) -> None:
    """Close the client's connection at once, without an answer."""
    cast("Transport", _open[tuple(scope["client"])]).abort()
