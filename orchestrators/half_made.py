"""Removes what a build that did not succeed left half made: at its end, and in the sweep where that did not come."""

from collections.abc import Sequence

from activities.half_made import delete_half_made, find_half_made
from activities.leftovers import list_recorded_runs
from models.artifacts import DistributionTargets, HalfMadeArtifact, RemovedArtifact
from models.errors import StepFailed
from models.failure import Failure
from models.leftovers import Leftover, Remedy, RunsAsked
from models.pipeline_record import Publication
from models.stage_messages import Done
from orchestrators.durable import (
    FEW_RETRIES,
    Context,
    Steps,
    call_activity,
    outcomes,
    schedule_activity,
    warn,
)
from policies.removal.leftovers import left_artifact


def remove_half_made(
    context: Context, run_id: str, targets: tuple[str, ...], publication: Publication
) -> Steps[tuple[RemovedArtifact, ...]]:
    """Return what became of that which a build of a run left; what its run outputs name stays.

    A build of a run distributes at most once to each place. What cannot be found out now is found by a sweep.
    """
    if not targets:
        return ()
    try:
        found = yield from call_activity(context, find_half_made, DistributionTargets(ids=targets), FEW_RETRIES)
    except StepFailed as unknown:
        warn(context, f"what {publication.template_name} left half made could not be found out: {unknown}")
        return ()
    named = {output.artifact.lower() for output in publication.outputs}
    left = [one for one in found.artifacts if one.run_id == run_id and one.id.lower() not in named]
    removed = yield from _delete(context, left)
    return tuple(
        RemovedArtifact(artifact=one.id, failure=outcome if isinstance(outcome, Failure) else None)
        for one, outcome in zip(left, removed, strict=True)
    )


def sweep_half_made(context: Context, targets: tuple[str, ...]) -> Steps[list[Leftover]]:
    """Return what builds left half made whose runs are over, and what became of it."""
    if not targets:
        return []
    found = (yield from call_activity(context, find_half_made, DistributionTargets(ids=targets))).artifacts
    if not found:
        return []
    asked = RunsAsked(run_ids=tuple(sorted({one.run_id for one in found})))
    recorded = {run.id: run for run in (yield from call_activity(context, list_recorded_runs, asked)).runs}
    left = {one: leftover for one in found if (leftover := left_artifact(one, recorded.get(one.run_id)))}
    removable = [one for one, leftover in left.items() if leftover.remedy is Remedy.REMOVED]
    for one, outcome in zip(removable, (yield from _delete(context, removable)), strict=True):
        if isinstance(outcome, Failure):
            left[one] = left[one].model_copy(update={"failure": outcome})
    return list(left.values())


def _delete(context: Context, artifacts: Sequence[HalfMadeArtifact]) -> Steps[list[Done | Failure]]:
    return (yield from outcomes([schedule_activity(context, delete_half_made, one, FEW_RETRIES) for one in artifacts]))
