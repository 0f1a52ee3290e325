"""A durable backend in this process, hand-driven workers for it, and a whole stack with the sample app."""

from pathlib import Path

import httpx
import pytest
from durabletask.client import TaskHubGrpcClient

from local.durable_backend.server import DurableBackend
from local.stack import StackOptions, local_stack
from tests.local_stack.hand_worker import HandWorker

SAMPLE_APP = Path(__file__).parent / "sample_app"


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
