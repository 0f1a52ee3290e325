"""Runs a pipeline: one image through its environments.

1. the environments follow one another; the first that does not succeed ends the run;
2. the record of the run is written before each of them and at the end, so that it outlives the history; a record
   that cannot be written stops the run before an environment, and never changes how the run ended.
"""

from datetime import timedelta

from activities.records import publish_record
from models.errors import StepFailed
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineProgress, PipelineRun, Stage
from models.state import State
from orchestrators import run_stage as stages
from orchestrators.durable import Context, Steps, call_activity, call_orchestrator, log, now, show, sleep
from policies.poll_interval import outage_pause

LONGEST_OUTAGE = timedelta(days=1)


def instance_id(image: str) -> str:
    """Return the instance id of an image's run.

    It names the image alone: the durable engine refuses to start an instance that is running, so it is the engine that
    lets one run of an image be on at a time, whatever number of hosts and triggers there is.
    """
    return f"pipeline-{image}"


def run_pipeline(context: Context, run: PipelineRun) -> Steps[PipelineRecord]:
    """Return the record of the run, however it ended."""
    record = PipelineRecord(
        id=run.id, image=run.image, scope=run.scope, started_by=run.started_by, started_at=run.requested_at
    )
    for environment in run.environments:
        show(context, PipelineProgress(environment=environment))
        try:
            yield from call_activity(context, publish_record, record)
            stage = yield from _run_stage(context, run, environment)
        except StepFailed as broken:
            record = record.model_copy(update={"state": State.FAILED, "failure": broken.failure})
            break
        record = record.model_copy(update={"stages": (*record.stages, stage)})
        if stage.state is not State.SUCCEEDED:
            record = record.model_copy(update={"state": stage.state})
            break
    else:
        record = record.model_copy(update={"state": State.SUCCEEDED})
    record = record.model_copy(update={"ended_at": now(context)})
    yield from _keep(context, record)
    log(context, f"the run {run.id} ended as {record.state}")
    return record


def _keep(context: Context, record: PipelineRecord) -> Steps[None]:
    """Write the record of a run that is over, however long the storage account is out, up to a day.

    The run's own output tells the same until then: the image is there or not, whether or not that can be written down.
    """
    ended = now(context)
    while True:
        try:
            yield from call_activity(context, publish_record, record)
        except StepFailed as failed:
            log(context, f"the record of {record.id} could not be written: {failed}")
        else:
            return
        elapsed = now(context) - ended
        if elapsed > LONGEST_OUTAGE:
            return
        yield from sleep(context, outage_pause(elapsed))


def _run_stage(context: Context, run: PipelineRun, environment: str) -> Steps[StageRecord]:
    stage = Stage(
        run_id=run.id,
        image=run.image,
        scope=run.scope,
        environment=environment,
        remove_image_templates=run.remove_image_templates,
    )
    return (yield from call_orchestrator(context, stages.run_stage, stage, stages.instance_id(run.id, environment)))
