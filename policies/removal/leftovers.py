"""Decides what of a run, of its builds and of its image templates was left by a crash, and what is done about it.

Whatever is at work, or may be, is left alone; what is not surely of a run of this app is reported and nothing more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from models.artifacts import HalfMadeArtifact
from models.image_build import ImageRunState
from models.instance_state import InstanceState
from models.leftovers import Leftover, LeftoverKind, RecordedRun, Remedy, StagingGroup
from models.pipeline_record import PipelineRecord, StageFailure, StageRecord
from models.pipeline_run import StepName
from models.stage_messages import BuildEnd
from models.state import State
from models.template_removal import FoundImageTemplate
from policies.builds.image_template_body import RUN_TAG
from policies.removal.template_removal import TIME_STAMP, kept_because
from policies.runs.ids import is_run_id
from policies.runs.standing import as_it_stands, is_of_run, stage_of

# What came to be so lately may belong to a run that is not seen everywhere yet.
GRACE: Final = timedelta(hours=1)
BUILDING: Final = frozenset({ImageRunState.RUNNING, ImageRunState.UNKNOWN})
BUILD_UNATTENDED: Final = "BuildUnattended"
_STAMPED: Final = re.compile(rf".+-({TIME_STAMP})")


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run: its record, the instance of its image, its stages and what tends their builds.

    The latter two are by environment; `pipeline` may be another run's.
    """

    id: str
    recorded: RecordedRun | None
    pipeline: InstanceState
    stages: Mapping[str, InstanceState]
    tendings: Mapping[str, InstanceState]

    @property
    def is_known(self) -> bool:
        """Say whether this app started it."""
        return self.recorded is not None or is_of_run(self.pipeline, self.id)

    @property
    def is_on(self) -> bool:
        """Say whether its orchestration goes on."""
        return is_of_run(self.pipeline, self.id) and not self.pipeline.standing.is_over

    @property
    def is_at_work(self) -> bool:
        """Say whether any of its orchestrations goes on."""
        children = (*self.stages.values(), *self.tendings.values())
        return self.is_on or any(not one.standing.is_over for one in children)


@dataclass(frozen=True)
class LeftRun:
    """A run that was left, and what ends it.

    Either a wish to cancel for the instances that go on, or its whole record, or the ends of its builds.
    """

    told: Leftover
    cancel: tuple[str, ...] = ()
    record: PipelineRecord | None = None
    build_ends: tuple[BuildEnd, ...] = ()


def run_of_template(found: FoundImageTemplate) -> str | None:
    """Return the id of the run that made an image template, by our tag, which is there from the beginning."""
    return run_of_tags(found.tags)


def run_of_tags(tags: Mapping[str, str] | None) -> str | None:
    """Return the id of the run that made something, by its tags; None where they name none."""
    run_id = (tags or {}).get(RUN_TAG)
    return run_id if run_id and is_run_id(run_id) else None


def is_settled(found: FoundImageTemplate, recorded: RecordedRun | None) -> bool:
    """Say whether a template was kept on purpose: its run built it, and came to its end; the next one removes it.

    A build that goes on though the run never saw its end is none of that. One that goes on though the run did was
    started by somebody else, who wanted it.
    """
    if recorded is None or recorded.record is not None or recorded.broken_off:
        return False
    is_lost = found.run_state in BUILDING and found.template.name not in recorded.ended_builds
    return found.template.name in recorded.template_names and not is_lost


def left_run(run: RunFacts, now: datetime) -> LeftRun | None:
    """Return what there is to end of a run that is not on."""
    record = run.recorded.record if run.recorded else None
    if run.is_on or not run.is_known or (run.recorded is not None and record is None):
        return None
    if record is not None and record.ended_at is not None:
        return _left_builds(run, record, now)
    closed = as_it_stands(run.id, record, run.pipeline, run.stages.values())
    if closed is None or closed.ended_at is None or now - closed.started_at < GRACE:
        return None
    why = closed.failure.message if closed.failure else f"The run ended as {closed.state}, which was not recorded."
    told = Leftover(kind=LeftoverKind.RUN, name=run.id, run_id=run.id, because=why, remedy=Remedy.CLOSED)
    going_on = {name: one.id for name, one in run.stages.items() if not one.standing.is_over}
    if going_on:
        because = f"{why} It goes on in {', '.join(going_on)}."
        canceled = told.model_copy(update={"because": because, "remedy": Remedy.CANCELED})
        return LeftRun(canceled, cancel=tuple(going_on.values()))
    return LeftRun(told, record=closed)


def left_template(found: FoundImageTemplate, run: RunFacts, now: datetime, *, is_watched: bool) -> Leftover | None:
    """Return an image template, or its build, that belongs to no run that goes on and was not kept on purpose.

    A build is canceled at once; a template is removed once its run is recorded as over. A watch that outlived all else
    of its run would see the build to an end that nobody records; where there is no build to cancel, it ends by itself.
    """
    made_at = stamp_of(found.template.name)
    is_new = made_at is None or now - made_at < GRACE
    is_building = found.run_state in BUILDING
    ends_by_itself = is_watched and not (is_building and run.is_known)
    if run.is_at_work or ends_by_itself or is_new or is_settled(found, run.recorded):
        return None
    kind = LeftoverKind.BUILD if is_building else LeftoverKind.IMAGE_TEMPLATE
    told = Leftover(kind=kind, name=found.template.id, run_id=run.id, because="")
    if not run.is_known:
        because = f"This app does not know the run {run.id}, which made it: another one may have started that."
        return told.model_copy(update={"because": because})
    if is_building:
        lost = "nothing would record its end" if is_watched else "nobody watches the build any more"
        because = f"The run {run.id}, which made it, is over, and {lost}."
        return told.model_copy(update={"because": because, "remedy": Remedy.CANCELED})
    if kept_because(found) is not None or run.recorded is None or run.recorded.record is not None:
        return None
    because = f"The run {run.id}, which made it, was broken off, or ended before it could build it."
    return told.model_copy(update={"because": because, "remedy": Remedy.REMOVED})


def left_artifact(found: HalfMadeArtifact, recorded: RecordedRun | None) -> Leftover | None:
    """Return what a build left half made, once its run is over and if its record does not name it as published.

    A version that is `Failed` for a region that could not be replicated to was published all the same.
    """
    told = Leftover(kind=LeftoverKind.ARTIFACT, name=found.id, run_id=found.run_id, because="")
    if recorded is None:
        because = f"This app does not know the run {found.run_id}, which made it: another one may have started that."
        return told.model_copy(update={"because": because})
    is_published = found.id.lower() in {artifact.lower() for artifact in recorded.artifacts}
    if recorded.record is not None or is_published:
        return None
    because = f"A build of the run {found.run_id}, which is over, left it half made."
    return told.model_copy(update={"because": because, "remedy": Remedy.REMOVED})


def left_staging_groups(
    groups: Iterable[StagingGroup], templates: Mapping[tuple[str, str], Iterable[str]], now: datetime
) -> Iterator[Leftover]:
    """Return the staging groups whose image template is gone.

    `templates` has the names of the image templates of each group of ours that was listed, by subscription and name of
    the group in lower case.
    """
    for group in groups:
        names = templates.get((group.subscription_id, group.template_group.lower()))
        made_at = stamp_of(group.template_name)
        is_new = made_at is not None and now - made_at < GRACE
        if names is None or is_new or group.template_name.lower() in {name.lower() for name in names}:
            continue
        because = (
            f"Azure Image Builder made it for the image template {group.template_name}, which is gone. "
            "See what is in it, and delete it."
        )
        group_id = f"/subscriptions/{group.subscription_id}/resourceGroups/{group.name}"
        yield Leftover(kind=LeftoverKind.STAGING_GROUP, name=group_id, because=because)


def stamp_of(template_name: str) -> datetime | None:
    """Return when an image template was made, by its name; None for a name that is not one of ours."""
    match = _STAMPED.fullmatch(template_name)
    try:
        return datetime.strptime(match[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def _left_builds(run: RunFacts, record: PipelineRecord, now: datetime) -> LeftRun | None:
    """Return the ends of the builds that a run did not wait for, and that nothing tends any more."""
    left = [
        BuildEnd(run_id=run.id, rest=_unattended(stage, run.tendings.get(stage.environment), now))
        for stage in record.stages
        if stage.state is State.TRIGGERED and _is_untended(stage, run, now)
    ]
    if not left:
        return None
    names = ", ".join(end.rest.environment for end in left)
    because = f"Nothing tends its build in {names} any more: that was terminated, purged or lost."
    told = Leftover(kind=LeftoverKind.RUN, name=run.id, run_id=run.id, because=because, remedy=Remedy.CLOSED)
    return LeftRun(told, build_ends=tuple(left))


def _is_untended(stage: StageRecord, run: RunFacts, now: datetime) -> bool:
    tending = run.tendings.get(stage.environment)
    is_new = stage.ended_at is not None and now - stage.ended_at < GRACE
    return not is_new and (tending is None or tending.standing.is_over)


def _unattended(stage: StageRecord, tending: InstanceState | None, now: datetime) -> StageRecord:
    """Return the rest of a stage, from its build on, as far as it is known."""
    told = stage_of(tending) if tending else None
    if told is not None and told.ended_at is not None:
        return told
    message = "Nothing tends the build any more, so that its end is not known: see the image template and the gallery."
    failure = StageFailure(code=BUILD_UNATTENDED, message=message, step=StepName.BUILD)
    known = told or stage
    steps = tuple(
        step.model_copy(update={"state": State.FAILED, "ended_at": now})
        for step in known.steps
        if step.name in {StepName.BUILD, StepName.PUBLICATION}
    )
    return known.model_copy(update={"state": State.FAILED, "ended_at": now, "failure": failure, "steps": steps})
