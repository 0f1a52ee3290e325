import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import durabletask.internal.orchestrator_service_pb2 as pb
import durabletask.internal.orchestrator_service_pb2_grpc as stubs
import grpc
import pytest
from durabletask.client import TaskHubGrpcClient
from durabletask.worker import TaskHubGrpcWorker

from local.durable_backend.control import advance_clock
from tests.durable_backend.peers import SECONDS, completed, events_of, eventually


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "local.durable_backend", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield process
        process.kill()


def test_a_process_serves_until_it_is_told_to_end(process):
    def wait_for_days(ctx, days):
        yield ctx.create_timer(timedelta(days=days))

    address = json.loads(process.stdout.readline())["address"]
    assert address.startswith("127.0.0.1:")
    worker = TaskHubGrpcWorker(host_address=address)
    worker.add_orchestrator(wait_for_days)
    worker.start()
    with TaskHubGrpcClient(host_address=address) as client:
        instance = client.schedule_new_orchestration(wait_for_days, input=3)
        eventually(lambda: events_of(client, instance), lambda events: "TimerCreated" in events)
        advance_clock(address, timedelta(days=3))
        completed(client, instance)
    worker.stop()
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0


def test_a_process_ends_though_a_client_waits_for_an_orchestration(process):
    with grpc.insecure_channel(json.loads(process.stdout.readline())["address"]) as channel:
        stub = stubs.TaskHubSidecarServiceStub(channel)
        stub.StartInstance(pb.CreateInstanceRequest(instanceId="one", name="nobody runs this"))
        waiting = stub.WaitForInstanceCompletion.future(pb.GetInstanceRequest(instanceId="one"))
        # What comes after the wait is answered: the wait itself has arrived.
        assert stub.GetInstance(pb.GetInstanceRequest(instanceId="one")).exists
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert waiting.exception(SECONDS) is not None
