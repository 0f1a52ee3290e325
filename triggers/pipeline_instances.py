"""Pipeline runs as the durable engine knows them: how far one is, and telling it something."""

from collections.abc import Iterator

import azure.durable_functions as df

from azure_clients import durable_engine, records
from azure_clients.connection import AzureClients
from models.approval import CancelRequest
from models.image_build import ImageBuildProgress
from models.message import Message
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineRun
from models.state import State
from orchestrators import run_pipeline, run_stage, tend_image_build, watch_image_build
from orchestrators.cancellation import CANCEL_EVENT
from policies.runs.ids import image_of_run
from policies.runs.standing import as_it_stands, is_of_run, progress_of, run_of

# Of these there is a build that may go on, and is shown.
BUILDS = {State.RUNNING, State.TRIGGERED}


async def find_request(client: df.DurableFunctionsClient, run_id: str) -> PipelineRun | None:
    """Return what a run was started with, while the durable engine still has it."""
    pipeline = await durable_engine.look(client, run_pipeline.instance_id(image_of_run(run_id)))
    return run_of(pipeline) if is_of_run(pipeline, run_id) else None


async def find_run_that_is_on(client: df.DurableFunctionsClient, image: str) -> str | None:
    """Return the id of the run of an image that is on, or None."""
    pipeline = await durable_engine.look(client, run_pipeline.instance_id(image))
    run = None if pipeline.standing.is_over else run_of(pipeline)
    return run.id if run else None


async def send_event(client: df.DurableFunctionsClient, run: PipelineRun, name: str, message: Message) -> bool:
    """Send an event to the orchestration of a run; False where that is over."""
    return await durable_engine.send_event(client, run_pipeline.instance_id(run.image), name, message.to_payload())


async def send_cancellation(client: df.DurableFunctionsClient, record: PipelineRecord, wish: CancelRequest) -> bool:
    """Send a wish to cancel to all that goes on of a run; False where nothing does."""
    sent = [
        await durable_engine.send_event(client, instance_id, CANCEL_EVENT, wish.to_payload())
        for instance_id in _that_may_go_on(record)
    ]
    return any(sent)


async def find_run(client: df.DurableFunctionsClient, azure: AzureClients, run_id: str) -> PipelineRecord | None:
    """Return the record of a run as it stands now, or None where there is no such run.

    A run that is on is told by the durable engine, stage by stage; one that is over by its record, which outlives the
    engine's history.
    """
    record = await records.find(azure, run_id)
    if record is None or record.ended_at is None:
        pipeline = await durable_engine.look(client, run_pipeline.instance_id(image_of_run(run_id)))
        progress = progress_of(pipeline) if is_of_run(pipeline, run_id) else None
        at = [run_stage.instance_id(run_id, progress.environment)] if progress else []
        stages = [await durable_engine.look(client, instance_id) for instance_id in at]
        record = as_it_stands(run_id, record, pipeline, stages)
    return record and await _with_current_builds(client, record)


def _that_may_go_on(record: PipelineRecord) -> Iterator[str]:
    """Return the instances of a run that are to be told of a wish to cancel, if they go on.

    Its orchestration hands it down to the stage that is on, which it may have been terminated without. What tends a
    build that the run does not wait for is nobody's child.
    """
    is_on = record.ended_at is None
    if is_on:
        yield run_pipeline.instance_id(record.image)
    for stage in record.stages:
        if stage.state is State.TRIGGERED:
            yield tend_image_build.instance_id(record.id, stage.environment)
        elif stage.state is State.RUNNING and not is_on:
            yield run_stage.instance_id(record.id, stage.environment)


async def _with_current_builds(client: df.DurableFunctionsClient, record: PipelineRecord) -> PipelineRecord:
    """Show how far the builds are that go on."""
    stages = [await _with_current_build(client, stage) if stage.state in BUILDS else stage for stage in record.stages]
    return record.model_copy(update={"stages": tuple(stages)})


async def _with_current_build(client: df.DurableFunctionsClient, stage: StageRecord) -> StageRecord:
    """Show how far the build is that is being watched, if one is."""
    if stage.build is None:
        return stage
    watch = await durable_engine.look(client, watch_image_build.instance_id(stage.build.template_id))
    return stage.model_copy(update={"build": ImageBuildProgress.from_payload(watch.shown)}) if watch.shown else stage
