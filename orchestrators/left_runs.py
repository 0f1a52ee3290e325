"""Ends what was left of runs: their records, orchestrations, builds and image templates.

Everything is read before anything is decided, and the records last: what ends meanwhile has an end there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from activities.image_templates import cancel_image_run, delete_image_template, publish_build_log
from activities.leftovers import list_instances, list_recorded_runs
from activities.records import publish_build_end, publish_record
from models.approval import CancelRequest, Person
from models.failure import Failure
from models.instance_state import InstancesAsked, InstanceState
from models.leftovers import Leftover, RecordedRun, Remedy, RunsAsked, Sweep
from models.template_removal import FoundImageTemplate, LogCopy
from orchestrators import run_pipeline, run_stage, tend_image_build, watch_image_build
from orchestrators.cancellation import CANCEL_EVENT
from orchestrators.durable import (
    Context,
    Pending,
    Steps,
    call_activity,
    now,
    outcomes,
    schedule_activity,
    send_event,
    subject_of,
)
from policies.removal.leftovers import LeftRun, RunFacts, is_settled, left_run, left_template, run_of_template
from policies.runs.ids import image_of_run
from policies.runs.standing import run_of

CHILDREN = (run_stage.instance_id, tend_image_build.instance_id)
THE_APP = Person(name="Image Bakery", verified=True)


def sweep_runs(context: Context, sweep: Sweep, templates: Sequence[FoundImageTemplate]) -> Steps[list[Leftover]]:
    """Return what was left of runs, and what became of it; `templates` are all of the swept groups."""
    of_runs = {one.template.id: (one, run_id) for one in templates if (run_id := run_of_template(one))}
    recorded = yield from _recorded(context, (run_id for _, run_id in of_runs.values()))
    unsettled = [(found, run_id) for found, run_id in of_runs.values() if not is_settled(found, recorded.get(run_id))]
    doubtful = {run.id for run in recorded.values() if run.record} | {run_id for _, run_id in unsettled}
    pipelines = yield from _instances(
        context, [run_pipeline.instance_id(image) for image in {*sweep.images, *map(image_of_run, doubtful)}]
    )
    doubtful |= {run.id for one in pipelines.values() if one.standing.is_over and (run := run_of(one))}
    children = yield from _instances(
        context,
        [
            *(make(run_id, name) for run_id in doubtful for name in sweep.environments for make in CHILDREN),
            *(watch_image_build.instance_id(found.template.id) for found, _ in unsettled),
        ],
    )
    recorded = yield from _recorded(context, doubtful)
    runs = {run_id: _facts(run_id, sweep, recorded, pipelines | children) for run_id in sorted(doubtful)}
    left = [found for run in runs.values() if (found := left_run(run, now(context)))]
    leftovers = yield from _end_runs(context, left)
    for found, run_id in unsettled:
        watch = children[watch_image_build.instance_id(found.template.id)]
        is_watched = not watch.standing.is_over
        if is_watched and not _is_to_be_told(watch, sweep):
            continue
        leftover = left_template(found, runs[run_id], now(context), is_watched=is_watched)
        if leftover:
            leftovers.append((yield from _end_template(context, found, leftover, watch if is_watched else None)))
    return leftovers


def _is_to_be_told(watch: InstanceState, sweep: Sweep) -> bool:
    """Say whether a watch may be told to cancel: whether it is tended is known in the environments of the sweep alone.

    The operator's files may not name an environment any more whose build goes on.
    """
    return sweep.tells_watches and subject_of(watch.given or {}).environment in sweep.environments


def _recorded(context: Context, run_ids: Iterable[str]) -> Steps[dict[str, RecordedRun]]:
    asked = RunsAsked(run_ids=tuple(sorted(set(run_ids))))
    return {run.id: run for run in (yield from call_activity(context, list_recorded_runs, asked)).runs}


def _instances(context: Context, ids: Iterable[str]) -> Steps[dict[str, InstanceState]]:
    asked = InstancesAsked(ids=tuple(sorted(set(ids))))
    if not asked.ids:
        return {}
    return {one.id: one for one in (yield from call_activity(context, list_instances, asked)).states}


def _facts(
    run_id: str, sweep: Sweep, recorded: Mapping[str, RecordedRun], instances: Mapping[str, InstanceState]
) -> RunFacts:
    return RunFacts(
        id=run_id,
        recorded=recorded.get(run_id),
        pipeline=instances[run_pipeline.instance_id(image_of_run(run_id))],
        stages={name: instances[run_stage.instance_id(run_id, name)] for name in sweep.environments},
        tendings={name: instances[tend_image_build.instance_id(run_id, name)] for name in sweep.environments},
    )


def _end_runs(context: Context, left: list[LeftRun]) -> Steps[list[Leftover]]:
    """Ask what goes on of the runs to cancel, and write the ends of the others."""
    leftovers: list[Leftover] = []
    for run in left:
        for instance_id in run.cancel:
            _ask_to_cancel(context, instance_id, run.told.because)
        writes = [schedule_activity(context, publish_build_end, end) for end in run.build_ends]
        records = [schedule_activity(context, publish_record, run.record)] if run.record else []
        leftovers.append((yield from _told(run.told, [*writes, *records])))
    return leftovers


def _ask_to_cancel(context: Context, instance_id: str, because: str) -> None:
    wish = CancelRequest(who=THE_APP, reason=because, requested_at=now(context))
    send_event(context, instance_id, CANCEL_EVENT, wish.to_payload())


def _end_template(
    context: Context, found: FoundImageTemplate, leftover: Leftover, watch: InstanceState | None
) -> Steps[Leftover]:
    """Cancel a build, or remove an image template after its build log was kept, as far as it could be read.

    A build that is still watched is canceled by its watch, which goes on until Azure says that it is over.
    """
    work: list[Pending[Any]] = []
    match leftover.remedy:
        case Remedy.CANCELED if watch:
            _ask_to_cancel(context, watch.id, leftover.because)
        case Remedy.CANCELED:
            work = [schedule_activity(context, cancel_image_run, found.template)]
        case Remedy.REMOVED:
            copy = LogCopy(run_id=leftover.run_id or "", template=found)
            yield from outcomes([schedule_activity(context, publish_build_log, copy)])
            work = [schedule_activity(context, delete_image_template, found.template)]
        case _:
            pass
    return (yield from _told(leftover, work))


def _told(leftover: Leftover, work: Sequence[Pending[Any]]) -> Steps[Leftover]:
    """Return the leftover with the failure of what was done about it, if it failed."""
    found = yield from outcomes(list(work))
    failure = next((one for one in found if isinstance(one, Failure)), None)
    return leftover.model_copy(update={"failure": failure}) if failure else leftover
