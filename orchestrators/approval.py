"""Waits for someone's decision before an environment."""

from datetime import timedelta
from typing import Any

from models.approval import ApprovalDecision, ApprovalRecord, ApprovalState, Decision
from models.configuration import Approval
from models.pipeline_run import PipelineProgress
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, expect_event, first_of, log, now, show, timer
from telemetry.attributes import Event

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
    until = f"{record.deadline:%Y-%m-%d %H:%M} UTC"
    log(context, f"{environment} waits for an approval, until {until}", event=Event.APPROVAL_REQUESTED)
    ended = record.model_copy(update=(yield from _end(context, environment, patience, cancellation)))
    log(context, f"the approval of {environment} ended as {ended.state}", event=Event.APPROVAL_ENDED, state=ended.state)
    return ended


def _end(context: Context, environment: str, patience: timedelta, cancellation: Cancellation) -> Steps[dict[str, Any]]:
    """Return what the end of the wait changes in the record."""
    decided = expect_event(context, approval_event(environment))
    alarm = timer(context, patience)
    yield from first_of(decided, alarm, cancellation.task)
    if decided.is_complete:
        alarm.cancel()
        decision = ApprovalDecision.from_payload(decided.get_result())
        return {"decision": decision, "state": ENDS[decision.decision]}
    if cancellation.task.is_complete:
        alarm.cancel()
        return {"state": ApprovalState.CANCELED}
    return {"state": ApprovalState.TIMED_OUT}
