"""Publishes what a build made: looks it up, tags each artifact with its exact source, and tells of its replication."""

from activities.publication import get_publication, publish_lineage
from models.errors import StepFailed
from models.failure import Failure
from models.pipeline_record import LineageFailure, Publication
from models.pipeline_run import StepName
from models.stage_messages import PublicationRequest
from models.state import State
from orchestrators.durable import Context, Steps, call_activity, outcomes, schedule_activity, warn
from orchestrators.ongoing_stage import OngoingStage
from policies.builds.publication import lineage_detail, replication_failure, source_lineage


def publish(stage: OngoingStage, request: PublicationRequest) -> Steps[None]:
    """Let the stage's step `publication` publish what its build made, and keep it as the stage's result."""
    yield from stage.log.step(StepName.PUBLICATION, _publish(stage, request))


def find_publication(context: Context, request: PublicationRequest) -> Steps[Publication | None]:
    """Return what a build that did not succeed left behind, at least its log, or None where it cannot be found out.

    What it published all the same is tagged like any other.
    """
    left_behind = request.model_copy(update={"version_expected": False})
    try:
        return (yield from _find_and_tag(context, left_behind))
    except StepFailed as unknown:
        warn(context, f"what {request.template.name} left behind could not be found out: {unknown}")
        return None


def _publish(stage: OngoingStage, request: PublicationRequest) -> Steps[None]:
    publication = yield from _find_and_tag(stage.context, request)
    stage.log.result(publication)
    stage.log.detail(lineage_detail(publication))
    failure = replication_failure(publication)
    if failure is not None:
        raise StepFailed(failure, State.PARTIALLY_SUCCEEDED)


def _find_and_tag(context: Context, request: PublicationRequest) -> Steps[Publication]:
    """Return what was published; a tag that cannot be written makes no failure of a good image, and is told."""
    publication = (yield from call_activity(context, get_publication, request)).publication
    lineage = source_lineage(publication)
    tagged = yield from outcomes([schedule_activity(context, publish_lineage, one) for one in lineage])
    failures = tuple(
        LineageFailure(**outcome.model_dump(), artifact=one.artifact)
        for one, outcome in zip(lineage, tagged, strict=True)
        if isinstance(outcome, Failure)
    )
    return publication.model_copy(update={"lineage_failures": failures})
