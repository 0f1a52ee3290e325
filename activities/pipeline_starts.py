"""The start of pipeline runs."""

from azure_clients import durable_engine, records
from azure_clients.connection import AzureClients
from azure_clients.durable_engine import EngineClient, Instance
from models.pipeline_run import PipelineRun
from models.upkeep import LastRun, PipelineInstance, PipelineStart, PipelineStarted
from telemetry.spans import in_trace_of


async def find_last_run(engine: EngineClient, asked: PipelineInstance) -> LastRun:
    """Find out which run of an image was asked for last.

    Azure: GetInstance of the durable engine.
    Repeat: looks again.
    """
    last = await _last_run(engine, asked.instance_id)
    return LastRun(run_id=last.id if last else None)


async def start_pipeline_run(azure: AzureClients, engine: EngineClient, request: PipelineStart) -> PipelineStarted:
    """Start a pipeline run, unless one of its image is on: the durable engine refuses an instance that is running.

    One that a look found due is not started either where another one came in between.

    Azure: StartInstance of the durable engine; GET of one blob.
    Repeat: finds the run that an earlier try started, also when it is over by now.
    """
    run_id = request.run.id
    last = await _last_run(engine, request.instance_id)
    if (last and last.id == run_id) or await records.find(azure, run_id):
        return PipelineStarted(run_id=run_id, started=True)
    if last and request.last_run and last.id != request.last_run.run_id:
        return PipelineStarted(run_id=last.id, started=False)
    with in_trace_of(run_id):
        started = await durable_engine.start(engine, Instance(request.orchestrator, request.instance_id, request.run))
    if started:
        return PipelineStarted(run_id=run_id, started=True)
    on = await _last_run(engine, request.instance_id)
    on_id = on.id if on else run_id
    return PipelineStarted(run_id=on_id, started=on_id == run_id)


async def _last_run(engine: EngineClient, instance_id: str) -> PipelineRun | None:
    """Return the run that is on in an instance, or was the last one."""
    state = await durable_engine.find(engine, instance_id)
    return PipelineRun.model_validate_json(state.serialized_input) if state and state.serialized_input else None
