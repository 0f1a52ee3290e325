"""Sees a build through that its stage did not wait for.

1. the build is watched to its end;
2. what it made is published, and what it left half made removed, as a stage that waits does it;
3. the record of the run is completed, however long its storage account is out, up to a day.

The run may be over long before, and be canceled all the same: the wish is sent here, too.
"""

from activities.records import publish_build_end
from models.pipeline_run import StepName
from models.stage_messages import BuildEnd, Done, UntendedBuild
from models.state import State
from orchestrators.build_end import follow_to_its_end
from orchestrators.durable import Context, Steps, call_activity, log, warn
from orchestrators.ongoing_stage import OngoingStage, begin
from orchestrators.outlasting import outlast
from orchestrators.published import publish
from policies.runs.outcome import GOES_ON
from telemetry.attributes import Event


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of what tends a stage's build."""
    return f"{run_id}-{environment}.tending"


def tend_image_build(context: Context, untended: UntendedBuild) -> Steps[Done]:
    """Complete the record of the run once its build is over."""
    stage = begin(context, untended.stage)
    stage.log.build(untended.watch.progress)
    rest = yield from stage.ended(_steps(stage, untended))
    run_id = untended.stage.run_id
    ended = BuildEnd(run_id=run_id, rest=rest, canceled_by=stage.cancellation.request)
    tell = log if rest.state in GOES_ON else warn
    tell(
        context,
        f"the untended build of {rest.environment} ended as {rest.state}",
        event=Event.UNTENDED_BUILD_ENDED,
        state=rest.state,
    )
    yield from outlast(context, f"the record of {run_id}", lambda: call_activity(context, publish_build_end, ended))
    return Done()


def _steps(stage: OngoingStage, untended: UntendedBuild) -> Steps[State]:
    # The wish may have come before the watch is there to be told of it.
    watch = untended.watch.model_copy(update={"to_cancel_because": stage.cancellation.failure})
    yield from stage.log.step(StepName.BUILD, follow_to_its_end(stage, watch, untended.request), has_begun=True)
    yield from publish(stage, untended.request)
    return State.SUCCEEDED
