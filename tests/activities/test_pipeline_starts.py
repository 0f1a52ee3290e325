"""The start of a run at a real durable engine, which refuses an instance that is running."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from durabletask.worker import TaskHubGrpcWorker

from activities.pipeline_starts import find_last_run, start_pipeline_run
from activities.records import publish_record
from azure_clients.durable_engine import EngineClient, send_event
from local.durable_backend.server import DurableBackend
from local.functions_host.durable_bridge import durable_client_binding
from models.pipeline_run import PipelineRun, Scope, Starter
from orchestrators.run_pipeline import instance_id, pipeline_instance, pipeline_start
from policies.runs.outcome import new_record


@pytest.fixture
def backend() -> Iterator[DurableBackend]:
    """An engine in which a run is on until it is told to end."""

    def run_pipeline(context, _):
        yield context.wait_for_external_event("end")

    backend = DurableBackend().start()
    with TaskHubGrpcWorker(host_address=backend.address) as worker:
        worker.add_orchestrator(run_pipeline)
        worker.start()
        yield backend
    backend.stop()


@pytest.fixture
async def engine(backend: DurableBackend) -> AsyncIterator[EngineClient]:
    client = EngineClient(durable_client_binding(backend.address, "http://127.0.0.1", "key", "hub"))
    yield client
    await client.close()


@pytest.fixture
def run(request):
    """A run of an image of the test's own: records outlive each test."""
    image = request.node.name.replace("_", "-")[5:60]
    return PipelineRun(
        id=f"{image}-20260311-030000-00000a",
        image=image,
        scope=Scope.ONLY_IMAGE,
        environments=("sbx",),
        started_by=Starter(kind="timer", month="2026-03"),
        requested_at=datetime(2026, 3, 11, 3, 0, tzinfo=UTC),
    )


async def is_over(engine, run):
    await engine.raise_orchestration_event(instance_id(run.image), "end")
    await engine.wait_for_orchestration_completion(instance_id(run.image), timeout=10)


async def test_a_run_is_started_and_a_repetition_finds_it(azure, engine, run):
    for _ in range(2):
        started = await start_pipeline_run(azure, engine, pipeline_start(run))
        assert (started.run_id, started.started) == (run.id, True)


async def test_while_another_run_of_the_image_is_on_its_id_is_told(azure, engine, run):
    another = run.model_copy(update={"id": run.id.replace("00000a", "00000b")})
    await start_pipeline_run(azure, engine, pipeline_start(another))
    started = await start_pipeline_run(azure, engine, pipeline_start(run))
    assert (started.run_id, started.started) == (another.id, False)


async def test_a_repetition_does_not_start_a_run_again_that_is_over(azure, engine, run):
    await start_pipeline_run(azure, engine, pipeline_start(run))
    await is_over(engine, run)
    assert (await start_pipeline_run(azure, engine, pipeline_start(run))).started
    state = await engine.get_orchestration_state(instance_id(run.image))
    assert state.runtime_status.name == "COMPLETED"


async def test_a_repetition_does_not_start_a_run_again_that_is_over_and_was_followed_by_another(azure, engine, run):
    await publish_record(azure, new_record(run, run.requested_at))
    another = run.model_copy(update={"id": run.id.replace("00000a", "00000b")})
    await start_pipeline_run(azure, engine, pipeline_start(another))
    await is_over(engine, another)
    assert (await start_pipeline_run(azure, engine, pipeline_start(run))).started
    state = await engine.get_orchestration_state(instance_id(run.image))
    assert another.id in state.serialized_input


@pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(), timedelta(hours=1)])
@pytest.mark.parametrize("comes_in_between", [False, True])
async def test_what_a_look_found_due_is_not_started_after_a_run_that_came_in_between_by_whatever_clock(
    azure, engine, run, comes_in_between, ahead
):
    another = run.model_copy(
        update={"id": run.id.replace("00000a", "00000b"), "requested_at": run.requested_at + ahead}
    )
    before = await find_last_run(engine, pipeline_instance(run.image))
    await start_pipeline_run(azure, engine, pipeline_start(another))
    await is_over(engine, another)
    last = before if comes_in_between else await find_last_run(engine, pipeline_instance(run.image))
    started = await start_pipeline_run(azure, engine, pipeline_start(run, last))
    told = (another.id, False) if comes_in_between else (run.id, True)
    assert (started.run_id, started.started) == told


async def test_an_event_reaches_no_instance_that_is_over_or_unknown(azure, engine, run):
    await start_pipeline_run(azure, engine, pipeline_start(run))
    assert await send_event(engine, instance_id(run.image), "end")
    await engine.wait_for_orchestration_completion(instance_id(run.image), timeout=10)
    assert not await send_event(engine, instance_id(run.image), "end")
    assert not await send_event(engine, "nobody", "end")
