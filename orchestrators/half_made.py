"""Removes what a build that did not succeed left half made: at its end, and in the sweep where that did not come."""

from collections.abc import Iterable, Sequence

from activities.half_made import delete_half_made, find_half_made
from activities.leftovers import list_recorded_runs
from models.artifacts import DistributionTargets, HalfMadeArtifact, RemovedArtifact
from models.failure import Failure
from models.leftovers import Leftover, Remedy, RunsAsked
from models.pipeline_record import Publication
from orchestrators.durable import FEW_RETRIES, Context, Steps, call_activity, outcomes, schedule_activity, warn
from orchestrators.ongoing_stage import OngoingStage
from policies.removal.leftovers import left_artifact

# Azure takes about 150 deletions in three minutes.
AT_A_TIME = 10


def remove_half_made(
    stage: OngoingStage, targets: tuple[str, ...], publication: Publication
) -> Steps[tuple[RemovedArtifact, ...]]:
    """Return what became of that which a build left; what its run outputs name stays.

    A build of a run distributes at most once to each place. What cannot be found out now is found by a sweep.
    """
    found, unanswered = yield from _find(stage.context, (DistributionTargets(ids=(target,)) for target in targets))
    for sentence in unanswered:
        warn(stage.context, f"what {publication.template_name} left half made is not known: {sentence}")
    named = {output.artifact.lower() for output in publication.outputs}
    left = [one for one in found if one.run_id == stage.asked.run_id and one.id.lower() not in named]
    failures = yield from _delete(stage.context, left)
    return tuple(RemovedArtifact(artifact=one.id, failure=failures.get(one.id)) for one in left)


def sweep_half_made(
    context: Context, targets: tuple[DistributionTargets, ...], unanswered: list[str]
) -> Steps[list[Leftover]]:
    """Return what builds left half made whose runs are over, and what became of it."""
    found, sentences = yield from _find(context, targets)
    unanswered += sentences
    if not found:
        return []
    asked = RunsAsked(run_ids=tuple(sorted({one.run_id for one in found})))
    recorded = {run.id: run for run in (yield from call_activity(context, list_recorded_runs, asked)).runs}
    left = [(one, leftover) for one in found if (leftover := left_artifact(one, recorded.get(one.run_id)))]
    removable = [one for one, leftover in left if leftover.remedy is Remedy.REMOVED]
    failures = yield from _delete(context, removable)
    return [leftover.model_copy(update={"failure": failures.get(one.id)}) for one, leftover in left]


def _find(context: Context, targets: Iterable[DistributionTargets]) -> Steps[tuple[list[HalfMadeArtifact], list[str]]]:
    """Return what was found, and a sentence for each question that got no answer."""
    pending = [schedule_activity(context, find_half_made, one, FEW_RETRIES) for one in targets]
    answers = yield from outcomes(pending)
    found = [artifact for answer in answers if not isinstance(answer, Failure) for artifact in answer.artifacts]
    return found, [f"{answer.code}: {answer.message}" for answer in answers if isinstance(answer, Failure)]


def _delete(context: Context, artifacts: Sequence[HalfMadeArtifact]) -> Steps[dict[str, Failure]]:
    """Ask for the removal of artifacts; return the failures, by id."""
    failures: dict[str, Failure] = {}
    for start in range(0, len(artifacts), AT_A_TIME):
        some = artifacts[start : start + AT_A_TIME]
        ended = yield from outcomes([schedule_activity(context, delete_half_made, one, FEW_RETRIES) for one in some])
        failures |= {one.id: end for one, end in zip(some, ended, strict=True) if isinstance(end, Failure)}
    return failures
