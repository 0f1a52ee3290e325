"""Runs a pipeline: one image through its environments.

1. the environments follow one another; the first that does not succeed ends the run;
2. one that asks for an approval waits for it before its stage; without one, later environments never start;
3. the record of the run is written before each of them and at the end, so that it outlives the history; a record
   that cannot be written stops the run before an environment, and never changes how the run ended;
4. what keeps the image current is told that the run is over;
5. a cancellation reaches the builds that the run did not wait for, too.

A run whose record says that it is over was started once more by somebody who was held up: it is left at that.
"""

from activities.records import publish_record
from models.approval import ApprovalState
from models.errors import StepFailed
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineProgress, PipelineRun, Stage
from models.state import State
from models.upkeep import LastRun, PipelineInstance, PipelineStart
from orchestrators import run_stage as stages
from orchestrators import tend_image_build as tending
from orchestrators.approval import wait_for_approval
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, about, call_activity, log, now, schedule_orchestrator, show, warn
from orchestrators.outlasting import outlast
from orchestrators.upkeep import tell_that_run_ended
from policies.runs.outcome import GOES_ON, new_record, run_state
from telemetry.attributes import Event


def instance_id(image: str) -> str:
    """Return the instance id of an image's run.

    It names the image alone: the durable engine refuses to start an instance that is running, so it is the engine that
    lets one run of an image be on at a time, whatever number of hosts and triggers there is.
    """
    return f"pipeline-{image}"


def pipeline_instance(image: str) -> PipelineInstance:
    """Return what asks the durable engine about the runs of an image."""
    return PipelineInstance(instance_id=instance_id(image))


def pipeline_start(run: PipelineRun, last_run: LastRun | None = None) -> PipelineStart:
    """Return what asks the durable engine for a run; `last_run` was the last one when a look found it due."""
    return PipelineStart(
        orchestrator=run_pipeline.__name__, instance_id=instance_id(run.image), run=run, last_run=last_run
    )


def run_pipeline(context: Context, run: PipelineRun) -> Steps[PipelineRecord]:
    """Return the record of the run, however it ended."""
    about(context, run=run.id, image=run.image)
    record = new_record(run, now(context))
    cancellation = Cancellation(context, run.id)
    try:
        written = yield from call_activity(context, publish_record, record)
        if written.was_over:
            warn(context, f"the run {run.id} is over, and was started again: nothing is done")
            return record
        for environment in run.environments:
            record = yield from _environment(context, run, environment, record, cancellation)
            if record.state is not State.RUNNING:
                break
        else:
            record = record.model_copy(update={"state": run_state(record.stages)})
    except StepFailed as broken:
        record = record.model_copy(update={"state": broken.state, "failure": broken.failure})
    about(context, environment=None)
    record = record.model_copy(update={"canceled_by": cancellation.request})
    record = record.model_copy(update={"ended_at": now(context)})
    # The run's own output tells the same until then: whether or not it can be written down.
    yield from outlast(context, f"the record of {run.id}", lambda: call_activity(context, publish_record, record))
    tell = log if record.state in GOES_ON else warn
    tell(context, f"the run {run.id} ended as {record.state}", event=Event.RUN_ENDED, state=record.state)
    tell_that_run_ended(context, run.image)
    # As the last step, since runs go on that an earlier version began: none of them has passed it and is still to end.
    for stage in record.stages:
        if stage.state is State.TRIGGERED:
            cancellation.hand_down(tending.instance_id(run.id, stage.environment))
    return record


def _environment(
    context: Context, run: PipelineRun, environment: str, record: PipelineRecord, cancellation: Cancellation
) -> Steps[PipelineRecord]:
    """Return the record after one environment; its state is Running where the next one may follow."""
    cancellation.check()
    about(context, environment=None)
    if record.stages:
        yield from call_activity(context, publish_record, record)
    about(context, environment=environment)
    if environment in run.approvals:
        decided = yield from wait_for_approval(context, run, environment, record.approvals, cancellation)
        record = record.model_copy(update={"approvals": (*record.approvals, decided)})
        if decided.state is not ApprovalState.APPROVED:
            return record.model_copy(update={"state": State(decided.state)})
    show(context, PipelineProgress(environment=environment, approvals=record.approvals))
    stage = yield from _run_stage(context, run, environment, cancellation)
    state = State.RUNNING if stage.state in GOES_ON else stage.state
    return record.model_copy(update={"stages": (*record.stages, stage), "state": state})


def _run_stage(context: Context, run: PipelineRun, environment: str, cancellation: Cancellation) -> Steps[StageRecord]:
    stage = Stage(
        run_id=run.id,
        image=run.image,
        scope=run.scope,
        environment=environment,
        remove_image_templates=run.remove_image_templates,
        wait_for_image_build=run.wait_for_image_build,
        scripts=run.scripts,
    )
    instance_id = stages.instance_id(run.id, environment)
    pending = schedule_orchestrator(context, stages.run_stage, stage, instance_id)
    return (yield from cancellation.follow(pending, instance_id))
