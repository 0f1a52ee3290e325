"""Decides how a run stands, from its beginning to its end."""

from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineRun, StepName
from models.stage_messages import BuildEnd
from models.state import State

# After these the next environment may follow.
GOES_ON = {State.SUCCEEDED, State.TRIGGERED}


def new_record(run: PipelineRun) -> PipelineRecord:
    """Return the record of a run that begins."""
    return PipelineRecord(
        id=run.id,
        image=run.image,
        scope=run.scope,
        started_by=run.started_by,
        started_at=run.requested_at,
        scripts=run.scripts,
    )


def run_state(stages: tuple[StageRecord, ...]) -> State:
    """Return the state of a run whose stages all went on to the next: the first that is no success speaks for all."""
    return next((stage.state for stage in stages if stage.state is not State.SUCCEEDED), State.SUCCEEDED)


def completed(record: PipelineRecord, end: BuildEnd) -> PipelineRecord:
    """Return the record with the end of a build that its stage had not waited for."""
    stages = tuple(_completed(stage, end) if stage.environment == end.environment else stage for stage in record.stages)
    record = record.model_copy(update={"stages": stages})
    return record.model_copy(update={"state": run_state(stages)}) if record.state is State.TRIGGERED else record


def merged(record: PipelineRecord, stored: PipelineRecord | None) -> PipelineRecord:
    """Return the record with what a stored one already knows better: the ends of builds that were not waited for."""
    if stored is None:
        return record
    known = {stage.environment: stage for stage in stored.stages if stage.state is not State.TRIGGERED}
    stages = tuple(
        known.get(stage.environment, stage) if stage.state is State.TRIGGERED else stage for stage in record.stages
    )
    record = record.model_copy(update={"stages": stages})
    return record.model_copy(update={"state": run_state(stages)}) if record.state is State.TRIGGERED else record


def _completed(stage: StageRecord, end: BuildEnd) -> StageRecord:
    ended = {"state": end.state, "ended_at": end.ended_at, "detail": end.failure.message if end.failure else None}
    return stage.model_copy(
        update={
            "steps": tuple(
                step.model_copy(update=ended) if step.name is StepName.BUILD else step for step in stage.steps
            ),
            "state": end.state,
            "ended_at": end.ended_at,
            "build": end.build,
            "failure": end.failure,
            "result": end.result,
        }
    )
