"""Decides how a run stands, from its record and from what the durable engine tells of its orchestrations."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from models.approval import ApprovalRecord, ApprovalState
from models.failure import Failure
from models.instance_state import InstanceState, Standing
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import PipelineProgress, PipelineRun
from models.state import State
from policies.runs.outcome import new_record

RUN_LOST: Final = "RunLost"
RUN_FAILED: Final = "RunFailed"
RUN_TERMINATED: Final = "RunTerminated"
# The codes of runs that did not come to their own end.
BROKEN_OFF: Final = frozenset({RUN_LOST, RUN_FAILED, RUN_TERMINATED})
LONGEST_REASON: Final = 500


def run_of(pipeline: InstanceState) -> PipelineRun | None:
    """Return the run that an image's instance is, or was last."""
    return PipelineRun.from_payload(pipeline.given) if pipeline.given else None


def is_of_run(pipeline: InstanceState, run_id: str) -> bool:
    """Say whether an image's instance is this run: the runs of an image follow each other under one id."""
    run = run_of(pipeline)
    return run is not None and run.id == run_id


def progress_of(pipeline: InstanceState) -> PipelineProgress | None:
    """Return which environment a run is at, or was at last."""
    return PipelineProgress.from_payload(pipeline.shown) if pipeline.shown else None


def stage_of(stage: InstanceState) -> StageRecord | None:
    """Return a stage as its orchestration tells of it, or did last; None where it told nothing."""
    told = _value(stage) or stage.shown
    return StageRecord.from_payload(told) if told else None


def as_it_stands(
    run_id: str, record: PipelineRecord | None, pipeline: InstanceState, stages: Iterable[InstanceState]
) -> PipelineRecord | None:
    """Return a run as it stands; None where there is no such run.

    `record` is what was recorded of it, `pipeline` the instance of its image, which may be another run's; `stages` are
    instances of stages that the record may not have.
    """
    if record is not None and record.ended_at is not None:
        return record
    if not is_of_run(pipeline, run_id):
        return record and _broken_off(record, InstanceState(id=pipeline.id), stages)
    if (ended := _value(pipeline)) is not None:
        return PipelineRecord.from_payload(ended)
    run = run_of(pipeline)
    record = record or (run and new_record(run, run.requested_at))
    progress = progress_of(pipeline)
    if record and progress:
        record = record.model_copy(update={"approvals": progress.approvals})
    if record and pipeline.standing.is_over:
        return _broken_off(record, pipeline, stages)
    return record and _with_stages(record, [found for one in stages if (found := stage_of(one))])


def _broken_off(record: PipelineRecord, pipeline: InstanceState, stages: Iterable[InstanceState]) -> PipelineRecord:
    """Return the record of a run whose orchestration did not come to its own end."""
    state, failure = _why(pipeline)
    ended_at = pipeline.updated_at or _last_known(record)
    # A stage whose orchestration goes on all the same is shown as it is.
    told = [(found, one.standing.is_over) for one in stages if (found := stage_of(one))]
    left = [_ended(stage, state, max(ended_at, stage.started_at)) if is_over else stage for stage, is_over in told]
    ends = {
        "state": state,
        "failure": failure,
        "ended_at": ended_at,
        "approvals": tuple(_decided(approval) for approval in record.approvals),
    }
    return _with_stages(record, left).model_copy(update=ends)


def _why(pipeline: InstanceState) -> tuple[State, Failure]:
    """Return what a run ends as, and why, whose orchestration did not come to its own end."""
    match pipeline.standing:
        case Standing.TERMINATED:
            reason = f": {pipeline.answer!s:.{LONGEST_REASON}}" if pipeline.answer else "."
            message = f"The run was terminated in the durable engine, and not canceled in good order{reason}"
            return State.CANCELED, Failure(code=RUN_TERMINATED, message=message)
        case Standing.ABSENT:
            message = "The durable engine does not know the run any more, and it had not ended: it was purged, or lost."
            return State.FAILED, Failure(code=RUN_LOST, message=message)
        case _:
            message = f"The run came upon a defect: {pipeline.answer!s:.{LONGEST_REASON}}"
            return State.FAILED, Failure(code=RUN_FAILED, message=message)


def _with_stages(record: PipelineRecord, stages: list[StageRecord]) -> PipelineRecord:
    """Return the record with these stages in place of what it knew of them."""
    names = {stage.environment for stage in stages}
    earlier = (one for one in record.stages if one.environment not in names)
    return record.model_copy(update={"stages": (*earlier, *stages)})


def _ended(stage: StageRecord, state: State, ended_at: datetime) -> StageRecord:
    """Return a stage that nobody goes on with, as it was left; one that had ended is as it is."""
    if stage.ended_at is not None:
        return stage
    ends = {"state": state, "ended_at": ended_at}
    steps = tuple(step if step.ended_at else step.model_copy(update=ends) for step in stage.steps)
    return stage.model_copy(update={**ends, "steps": steps})


def _decided(approval: ApprovalRecord) -> ApprovalRecord:
    is_waiting = approval.state is ApprovalState.WAITING
    return approval.model_copy(update={"state": ApprovalState.CANCELED}) if is_waiting else approval


def _last_known(record: PipelineRecord) -> datetime:
    """Return the last moment that a record knows of."""
    return max([record.started_at, *(stage.ended_at for stage in record.stages if stage.ended_at)])


def _value(instance: InstanceState) -> object | None:
    """Return what an orchestration came to, if it came to its own end."""
    answer = instance.answer if instance.standing is Standing.COMPLETED else None
    return answer.get("value") if isinstance(answer, dict) else None
