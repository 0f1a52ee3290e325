"""Sees a build through that its stage did not wait for.

1. the build is watched to its end;
2. what it published is looked up;
3. the record of the run is completed, however long its storage account is out, up to a day.
"""

from activities.records import publish_build_end
from models.errors import StepFailed
from models.pipeline_record import StageFailure
from models.pipeline_run import StepName
from models.stage_messages import BuildEnd, Done, UntendedBuild
from orchestrators import watch_image_build as build
from orchestrators.durable import Context, Steps, call_activity, call_orchestrator, log, now
from orchestrators.outlasting import outlast
from orchestrators.published import find_publication
from policies.build_progress import build_failure, stage_state


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of what tends a stage's build."""
    return f"{run_id}-{environment}.tending"


def tend_image_build(context: Context, untended: UntendedBuild) -> Steps[Done]:
    """Complete the record of the run once its build is over."""
    progress, canceled_because = untended.watch.progress, None
    try:
        end = yield from call_orchestrator(
            context,
            build.watch_image_build,
            untended.watch,
            build.instance_id(untended.run_id, untended.environment),
        )
        progress, canceled_because = end.progress, end.canceled_because
    except StepFailed as lost:
        canceled_because = lost.failure
    failure = build_failure(progress, canceled_because)
    result = yield from find_publication(context, untended.request)
    ended = BuildEnd(
        run_id=untended.run_id,
        environment=untended.environment,
        state=stage_state(progress, canceled_because),
        ended_at=now(context),
        build=progress,
        failure=StageFailure(**failure.model_dump(), step=StepName.BUILD) if failure else None,
        result=result,
    )
    log(context, f"the untended build of {untended.environment} ended as {ended.state}")
    yield from outlast(
        context, f"the record of {untended.run_id}", lambda: call_activity(context, publish_build_end, ended)
    )
    return Done()
