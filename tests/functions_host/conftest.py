"""A durable backend in this process, hand-driven workers for it, and a whole stack with the sample app."""

from contextlib import closing

import pytest
from durabletask.client import TaskHubGrpcClient

from local.durable_backend.server import DurableBackend
from local.stack import local_stack
from tests.functions_host.hand_worker import HandWorker
from tests.functions_host.sample_stack import OPTIONS, SampleStack


@pytest.fixture
def backend():
    backend = DurableBackend(max_history_size=50).start()
    yield backend
    backend.stop()


@pytest.fixture
def client(backend):
    with TaskHubGrpcClient(host_address=backend.address) as client:
        yield client


@pytest.fixture
def hire(backend):
    """Gives workers that end with the test."""
    workers = []

    def hire(**limits):
        workers.append(HandWorker(backend.address, **limits))
        return workers[-1]

    yield hire
    for worker in workers:
        worker.dies()


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory):
    """One stack for all tests that do it no harm; they take names of their own."""
    folder = tmp_path_factory.mktemp("stack")
    with local_stack(folder, OPTIONS) as stack, closing(SampleStack(stack, folder)) as sample:
        yield sample


@pytest.fixture
def own_stack(tmp_path):
    """A stack that may be hurt."""
    with local_stack(tmp_path, OPTIONS) as stack, closing(SampleStack(stack, tmp_path)) as sample:
        yield sample
