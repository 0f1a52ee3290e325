"""Decides how a run stands, from its beginning to its end."""

import itertools
from datetime import datetime

from models.approval import CancelRequest
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineRun, Scope, Starter, StepName
from models.stage_messages import BuildEnd
from models.state import State

# A patch run builds anew from what stands ready in Azure.
PATCH_SCOPE = Scope.ONLY_IMAGE
# After these the next environment may follow.
GOES_ON = {State.SUCCEEDED, State.TRIGGERED}


def new_record(run: PipelineRun, started_at: datetime) -> PipelineRecord:
    """Return the record of a run that begins."""
    return PipelineRecord(
        id=run.id,
        image=run.image,
        scope=run.scope,
        started_by=run.started_by,
        started_at=started_at,
        scripts=run.scripts,
    )


def skipped_record(run_id: str, image: str, started_by: Starter, now: datetime) -> PipelineRecord:
    """Return the record of a patch run that was due and does nothing, for the reason that its starter gives."""
    return PipelineRecord(
        id=run_id,
        image=image,
        scope=PATCH_SCOPE,
        started_by=started_by,
        state=State.SKIPPED,
        started_at=now,
        ended_at=now,
        skipped_because=started_by.reason,
    )


def run_state(stages: tuple[StageRecord, ...]) -> State:
    """Return the state of a run whose stages all went on to the next: the first that is no success speaks for all."""
    return next((stage.state for stage in stages if stage.state is not State.SUCCEEDED), State.SUCCEEDED)


def completed(record: PipelineRecord, end: BuildEnd) -> PipelineRecord:
    """Return the record with the end of a build that its stage had not waited for."""
    rest = end.rest
    stages = tuple(
        _completed(stage, rest) if stage.environment == rest.environment else stage for stage in record.stages
    )
    return _with_stages(record, stages, end.canceled_by)


def merged(record: PipelineRecord, stored: PipelineRecord | None) -> PipelineRecord:
    """Return the record with what a stored one already knows better: the ends of builds that were not waited for.

    A stored one that is further on stays: whoever has an earlier one to write was held up. One that is over is final.
    """
    if stored is None:
        return record
    if stored.ended_at is not None or _reached(stored) > _reached(record):
        return stored
    known = {stage.environment: stage for stage in stored.stages if stage.state is not State.TRIGGERED}
    stages = tuple(
        known.get(stage.environment, stage) if stage.state is State.TRIGGERED else stage for stage in record.stages
    )
    return _with_stages(record, stages, stored.canceled_by)


def _reached(record: PipelineRecord) -> tuple[bool, int, int]:
    """Return how far a run is: it never goes back."""
    return record.ended_at is not None, len(record.stages), len(record.approvals)


def _with_stages(
    record: PipelineRecord, stages: tuple[StageRecord, ...], canceled_by: CancelRequest | None
) -> PipelineRecord:
    """Return the record with these stages, which say how a run stands that did not wait for its builds.

    The first who canceled it stays the one who did.
    """
    state = run_state(stages) if record.state is State.TRIGGERED else record.state
    canceled_by = record.canceled_by or canceled_by
    return record.model_copy(update={"stages": stages, "state": state, "canceled_by": canceled_by})


def _completed(stage: StageRecord, rest: StageRecord) -> StageRecord:
    """Return the stage with what came after its build had begun in place of what it knew of that."""
    earlier = tuple(itertools.takewhile(lambda step: step.name is not StepName.BUILD, stage.steps))
    began = {step.name: step.started_at for step in stage.steps}
    steps = tuple(step.model_copy(update={"started_at": began.get(step.name, step.started_at)}) for step in rest.steps)
    told = {"state": rest.state, "ended_at": rest.ended_at, "build": rest.build, "failure": rest.failure}
    return stage.model_copy(update={"steps": (*earlier, *steps), "result": rest.result, **told})
