"""Reads from the records of an image how it stands: what was built last, and with which scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.pipeline_record import PipelineRecord, Publication, StageRecord
from models.pipeline_run import Scope
from models.state import State
from policies.runs.scope_work import Work, work_of


@dataclass(frozen=True, slots=True)
class SuccessfulBuild:
    """A build that succeeded: its run, its stage, and what was published."""

    run: PipelineRecord
    stage: StageRecord
    publication: Publication

    def age(self, now: datetime) -> timedelta:
        """Return how old the image is."""
        return now - (self.stage.ended_at or self.stage.started_at)


def last_successful_builds(records: Sequence[PipelineRecord]) -> dict[str, SuccessfulBuild]:
    """Return the last successful build in each environment that has one, by environment; `records` are newest first.

    A stage that built nothing, as those of some scopes, is none.
    """
    builds: dict[str, SuccessfulBuild] = {}
    for run in records:
        for stage in run.stages:
            if stage.state is State.SUCCEEDED and stage.result is not None:
                builds.setdefault(stage.environment, SuccessfulBuild(run, stage, stage.result))
    return builds


def brings_scripts(scope: Scope) -> bool:
    """Say whether a run with this scope builds with contents that it was given when it was started.

    Scopes that build nothing, or build with what was uploaded earlier, do not.
    """
    return {Work.UPLOAD, Work.IMAGE} <= work_of(scope)
