"""Follows an image build to its end, as the step of a stage that waits for it or of what tends it instead."""

from models.errors import StepFailed
from models.image_build import ImageBuildWatch
from models.stage_messages import PublicationRequest
from models.state import State
from orchestrators import watch_image_build as build
from orchestrators.durable import Steps, schedule_orchestrator
from orchestrators.half_made import remove_half_made
from orchestrators.ongoing_stage import OngoingStage
from orchestrators.published import find_publication
from policies.builds.progress import build_failure, stage_state


def follow_to_its_end(stage: OngoingStage, watch: ImageBuildWatch, request: PublicationRequest) -> Steps[State]:
    """Wait for the build, which must succeed; what another one left half made is removed, and the rest told."""
    try:
        yield from _follow(stage, watch)
    except StepFailed:
        left = yield from find_publication(stage.context, request)
        if left is not None:
            half_made = yield from remove_half_made(stage, request.distribution_targets, left)
            left = left.model_copy(update={"half_made": half_made})
        stage.log.result(left)
        raise
    return State.SUCCEEDED


def _follow(stage: OngoingStage, watch: ImageBuildWatch) -> Steps[None]:
    instance_id = build.instance_id(watch.template.id)
    pending = schedule_orchestrator(stage.context, build.watch_image_build, watch, instance_id)
    end = yield from stage.cancellation.follow(pending, instance_id)
    stage.log.build(end.progress)
    failure = build_failure(end.progress, end.canceled_because)
    if failure is not None:
        raise StepFailed(failure, stage_state(end.progress, end.canceled_because))
