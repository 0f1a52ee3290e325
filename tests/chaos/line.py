"""A line between a functions host and the durable backend, which can be cut."""

import contextlib
import socket
import threading

LARGEST_PIECE = 64 * 1024


class Line:
    """Listens at `address` and passes everything on to another one; connections are made anew after a cut."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, name=f"line to {target}", daemon=True).start()

    def close(self) -> None:
        """End it, and all connections."""
        # A thread that accepts keeps a listener alive that is only closed.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End all connections, as a network does that breaks: both ends find out by themselves."""
        with self._lock:
            for end in self._open:
                _end(end)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(LARGEST_PIECE):
                sink.sendall(piece)
        with self._lock:
            self._open.discard(source)
            _end(sink)
        source.close()


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
