"""Decides what a record of a run tells that the one before it did not: what is told once."""

from dataclasses import dataclass

from models.approval import ApprovalRecord, ApprovalState
from models.pipeline_record import PipelineRecord, StageRecord
from models.state import State

GOING_ON = {State.RUNNING, State.TRIGGERED}


@dataclass(frozen=True)
class RecordNews:
    """The approvals and stages that have ended since, and whether the run has. An untended build has not ended yet."""

    approvals: tuple[ApprovalRecord, ...]
    stages: tuple[StageRecord, ...]
    run_ended: bool


def record_news(before: PipelineRecord | None, after: PipelineRecord) -> RecordNews:
    """Return what is new in the record `after`; `before` is None where there was none."""
    known_stages = {stage.environment for stage in before.stages if _ended(stage)} if before else set[str]()
    known_approvals = {one.environment for one in before.approvals if _decided(one)} if before else set[str]()
    return RecordNews(
        approvals=tuple(one for one in after.approvals if _decided(one) and one.environment not in known_approvals),
        stages=tuple(stage for stage in after.stages if _ended(stage) and stage.environment not in known_stages),
        run_ended=_ended(after) and not (before and _ended(before)),
    )


def _decided(approval: ApprovalRecord) -> bool:
    return approval.state is not ApprovalState.WAITING


def _ended(one: StageRecord | PipelineRecord) -> bool:
    return one.ended_at is not None and one.state not in GOING_ON
