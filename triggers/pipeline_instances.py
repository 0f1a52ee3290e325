"""Pipeline runs as the durable engine knows them: how far one is, and telling it something."""

import json
from datetime import datetime

import azure.durable_functions as df
from durabletask.client import OrchestrationState, OrchestrationStatus

from azure_clients import durable_engine, records
from azure_clients.connection import AzureClients
from models.failure import Failure
from models.image_build import ImageBuildProgress
from models.message import JsonObject, Message
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineProgress, PipelineRun
from models.state import State
from orchestrators import run_pipeline, run_stage, watch_image_build
from policies.run_ids import image_of_run
from policies.run_outcome import new_record

OVER = {OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED}


async def find_request(client: df.DurableFunctionsClient, run_id: str) -> PipelineRun | None:
    """Return what a run was started with, while the durable engine still has it."""
    state = await client.get_orchestration_state(run_pipeline.instance_id(image_of_run(run_id)))
    run = _run_of(state) if state else None
    return run if run and run.id == run_id else None


async def find_run_that_is_on(client: df.DurableFunctionsClient, image: str) -> str | None:
    """Return the id of the run of an image that is on, or None."""
    state = await durable_engine.find(client, run_pipeline.instance_id(image))
    return _run_of(state).id if state and state.runtime_status not in OVER else None


async def send_event(client: df.DurableFunctionsClient, run: PipelineRun, name: str, message: Message) -> None:
    """Send an event to the orchestration of a run."""
    await durable_engine.send_event(client, run_pipeline.instance_id(run.image), name, message.to_payload())


async def find_run(client: df.DurableFunctionsClient, azure: AzureClients, run_id: str) -> PipelineRecord | None:
    """Return the record of a run as it stands now, or None where there is no such run.

    A run that is on is told by the durable engine, stage by stage; one that is over by its record, which outlives the
    engine's history.
    """
    record = await records.find(azure, run_id)
    if record is not None and record.ended_at is not None:
        return await _with_untended_builds(client, record)
    state = await client.get_orchestration_state(run_pipeline.instance_id(image_of_run(run_id)))
    if state is None or (run := _run_of(state)).id != run_id:
        return record and _lost(record)
    record = record or new_record(run, run.requested_at)
    if state.runtime_status is OrchestrationStatus.COMPLETED:
        return _ended(record, state)
    if state.runtime_status in {OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED}:
        return _broken(record, state)
    return await _with_current_stage(client, record, state)


async def _with_current_stage(
    client: df.DurableFunctionsClient, record: PipelineRecord, state: OrchestrationState
) -> PipelineRecord:
    progress = _status(state)
    if progress is None:
        return record
    at = PipelineProgress.from_payload(progress)
    record = record.model_copy(update={"approvals": at.approvals})
    environment = at.environment
    stage_status = _status(await client.get_orchestration_state(run_stage.instance_id(record.id, environment)))
    if stage_status is None:
        return record
    stage = StageRecord.from_payload(stage_status)
    stage = await _with_current_build(client, stage)
    earlier = tuple(one for one in record.stages if one.environment != environment)
    return record.model_copy(update={"stages": (*earlier, stage)})


async def _with_untended_builds(client: df.DurableFunctionsClient, record: PipelineRecord) -> PipelineRecord:
    """Show how far the builds are that a run did not wait for."""
    stages = list(record.stages)
    for index, stage in enumerate(stages):
        if stage.state is State.TRIGGERED:
            stages[index] = await _with_current_build(client, stage)
    return record.model_copy(update={"stages": tuple(stages)})


async def _with_current_build(client: df.DurableFunctionsClient, stage: StageRecord) -> StageRecord:
    """Show how far the build is that is being watched, if one is."""
    if stage.build is None:
        return stage
    instance_id = watch_image_build.instance_id(stage.build.template_id)
    status = _status(await client.get_orchestration_state(instance_id))
    return stage.model_copy(update={"build": ImageBuildProgress.from_payload(status)}) if status else stage


def _run_of(state: OrchestrationState) -> PipelineRun:
    return PipelineRun.model_validate_json(state.serialized_input or "{}")


def _status(state: OrchestrationState | None) -> JsonObject | None:
    return json.loads(state.serialized_custom_status) if state and state.serialized_custom_status else None


def _ended(record: PipelineRecord, state: OrchestrationState) -> PipelineRecord:
    envelope = json.loads(state.serialized_output or "{}")
    if "value" in envelope:
        return PipelineRecord.from_payload(envelope["value"])
    return _failed(record, Failure.from_payload(envelope["failure"]), state.last_updated_at)


def _broken(record: PipelineRecord, state: OrchestrationState) -> PipelineRecord:
    message = state.failure_details.message if state.failure_details else "It was terminated from outside."
    return _failed(record, Failure(code=state.runtime_status.name, message=message), state.last_updated_at)


def _lost(record: PipelineRecord) -> PipelineRecord:
    failure = Failure(
        code="RunLost", message="The durable engine does not know this run any more, and it had not ended."
    )
    return record.model_copy(update={"state": State.FAILED, "failure": failure})


def _failed(record: PipelineRecord, failure: Failure, ended_at: datetime) -> PipelineRecord:
    return record.model_copy(update={"state": State.FAILED, "failure": failure, "ended_at": ended_at})
