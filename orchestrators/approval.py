"""Waits for someone's decision before an environment."""

from datetime import timedelta

from models.approval import ApprovalDecision, ApprovalRecord, ApprovalState, Decision
from models.configuration import Approval
from models.pipeline_run import PipelineProgress
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, expect_event, first_of, now, show, timer

ENDS = {Decision.APPROVED: ApprovalState.APPROVED, Decision.REJECTED: ApprovalState.REJECTED}


def approval_event(environment: str) -> str:
    """Return the name of the event that carries a decision on an environment."""
    return f"approval-{environment}"


def wait_for_approval(
    context: Context,
    environment: str,
    approval: Approval,
    earlier: tuple[ApprovalRecord, ...],
    cancellation: Cancellation,
) -> Steps[ApprovalRecord]:
    """Return how the approval ended: the first decision counts, up to the deadline, unless the run is canceled."""
    patience = timedelta(minutes=approval.timeout_minutes)
    record = ApprovalRecord(environment=environment, requested_at=now(context), deadline=now(context) + patience)
    show(context, PipelineProgress(environment=environment, approvals=(*earlier, record)))
    decided = expect_event(context, approval_event(environment))
    alarm = timer(context, patience)
    yield from first_of(decided, alarm, cancellation.task)
    if decided.is_complete:
        alarm.cancel()
        decision = ApprovalDecision.from_payload(decided.get_result())
        return record.model_copy(update={"decision": decision, "state": ENDS[decision.decision]})
    if cancellation.task.is_complete:
        alarm.cancel()
        return record.model_copy(update={"state": ApprovalState.CANCELED})
    return record.model_copy(update={"state": ApprovalState.TIMED_OUT})
