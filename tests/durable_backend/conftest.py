"""A backend on a port of the system, and durabletask's own client and workers as its peers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import durabletask.internal.orchestrator_service_pb2_grpc as stubs
import grpc
import pytest
from durabletask.client import TaskHubGrpcClient
from durabletask.worker import TaskHubGrpcWorker

from local.durable_backend.server import DurableBackend
from tests.durable_backend.peers import DyingWorker

StartWorker = Callable[..., TaskHubGrpcWorker]


@pytest.fixture
def backend() -> Iterator[DurableBackend]:
    backend = DurableBackend().start()
    yield backend
    backend.stop()


@pytest.fixture
def client(backend: DurableBackend) -> Iterator[TaskHubGrpcClient]:
    with TaskHubGrpcClient(host_address=backend.address) as client:
        yield client


@pytest.fixture(scope="session")
def ending_workers() -> Iterator[ThreadPoolExecutor]:
    """Where workers end beside the tests that follow: each of them needs a second for it."""
    with ThreadPoolExecutor() as threads:
        yield threads


@pytest.fixture
def start_worker(backend: DurableBackend, ending_workers: ThreadPoolExecutor) -> Iterator[StartWorker]:
    """Start a worker with these functions; which of them are orchestrators says their first parameter's name."""
    workers: list[TaskHubGrpcWorker] = []

    def start(*functions: Callable) -> TaskHubGrpcWorker:
        worker = TaskHubGrpcWorker(host_address=backend.address)
        for function in functions:
            add = {"ctx": worker.add_orchestrator, "_": worker.add_activity, "entity": worker.add_entity}
            add[function.__code__.co_varnames[0]](function)
        worker.start()
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        ending_workers.submit(worker.stop)


@pytest.fixture
def stub(backend: DurableBackend) -> Iterator[stubs.TaskHubSidecarServiceStub]:
    """The backend as it looks without a client library."""
    with grpc.insecure_channel(backend.address) as channel:
        yield stubs.TaskHubSidecarServiceStub(channel)


@pytest.fixture
def dying_worker(stub: stubs.TaskHubSidecarServiceStub) -> Iterator[DyingWorker]:
    worker = DyingWorker(stub)
    yield worker
    worker.die()
