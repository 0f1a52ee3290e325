"""The durable backend as a gRPC server on this machine, with a way to jump its clock and to let a worker end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import durabletask.internal.orchestrator_service_pb2_grpc as stubs
import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import StringValue

from local.durable_backend.control import SERVICE
from local.durable_backend.dispatching import DispatchingEngine
from local.durable_backend.kept_histories import KeptHistories

# Every stream of work items and every wait for an orchestration holds one of them.
THREADS = 128
LONGEST_HISTORY = 100_000
CHANNEL = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class DurableBackend:
    """An engine that serves at `address` (host:port) between `start` and `stop`."""

    def __init__(self, max_history_size: int = LONGEST_HISTORY, histories: KeptHistories | None = None) -> None:
        self.engine = DispatchingEngine(max_history_size, histories)
        self.address = ""
        self._server = grpc.server(ThreadPoolExecutor(THREADS), options=[*CHANNEL, ("grpc.so_reuseport", 0)])
        stubs.add_TaskHubSidecarServiceServicer_to_server(self.engine, self._server)
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, _control(self.engine))])

    def start(self, port: int = 0) -> "DurableBackend":
        """Listen on this machine only; raises RuntimeError where the port is taken."""
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        self._server.start()
        return self

    def stop(self) -> None:
        """End all streams and forget everything."""
        self.engine.stop()
        self._server.stop(grace=None).wait()


def _control(engine: DispatchingEngine) -> "dict[str, grpc.RpcMethodHandler[Any, Any]]":
    def advance(request: Duration, _context: grpc.ServicerContext) -> Empty:
        engine.timers.advance(request.ToTimedelta())
        return Empty()

    def drain(request: StringValue, _context: grpc.ServicerContext) -> Empty:
        engine.drain(request.value)
        return Empty()

    def handler(call: Callable[..., Empty], request: Any) -> "grpc.RpcMethodHandler[Any, Any]":
        return grpc.unary_unary_rpc_method_handler(call, request.FromString, Empty.SerializeToString)

    return {"AdvanceClock": handler(advance, Duration), "Drain": handler(drain, StringValue)}
