"""The start of pipeline runs."""

from azure_clients import durable_engine, records
from azure_clients.connection import AzureClients
from azure_clients.durable_engine import EngineClient, Instance
from models.pipeline_run import PipelineRun
from models.upkeep import PipelineStart, PipelineStarted


async def start_pipeline_run(azure: AzureClients, engine: EngineClient, request: PipelineStart) -> PipelineStarted:
    """Start a pipeline run, unless one of its image is on: the durable engine refuses an instance that is running.

    Azure: StartInstance of the durable engine; GET of one blob.
    Repeat: finds the run that an earlier try started, also when it is over by now.
    """
    run_id = request.run.id
    if await _current_run(engine, request.instance_id) == run_id or await records.find(azure, run_id):
        return PipelineStarted(run_id=run_id, started=True)
    if await durable_engine.start(engine, Instance(request.orchestrator, request.instance_id, request.run)):
        return PipelineStarted(run_id=run_id, started=True)
    on = await _current_run(engine, request.instance_id)
    return PipelineStarted(run_id=on or run_id, started=on == run_id)


async def _current_run(engine: EngineClient, instance_id: str) -> str | None:
    """Return the id of the run that is or was the last in an instance."""
    state = await durable_engine.find(engine, instance_id)
    return PipelineRun.model_validate_json(state.serialized_input).id if state and state.serialized_input else None
