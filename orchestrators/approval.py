"""Waits for someone's decision before an environment."""

from datetime import timedelta
from typing import Any

from models.approval import ApprovalDecision, ApprovalRecord, ApprovalState, Decision
from models.pipeline_run import PipelineProgress, PipelineRun
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, expect_event, log, now, show, timer
from telemetry.attributes import Event

ENDS = {Decision.APPROVED: ApprovalState.APPROVED, Decision.REJECTED: ApprovalState.REJECTED}


def approval_event(environment: str) -> str:
    """Return the name of the event that carries a decision on an environment."""
    return f"approval-{environment}"


def wait_for_approval(
    context: Context,
    run: PipelineRun,
    environment: str,
    earlier: tuple[ApprovalRecord, ...],
    cancellation: Cancellation,
) -> Steps[ApprovalRecord]:
    """Return how the approval ended: the first decision counts, up to the deadline, unless the run is canceled."""
    deadline = now(context) + _patience(run, environment)
    record = ApprovalRecord(environment=environment, requested_at=now(context), deadline=deadline)
    show(context, PipelineProgress(environment=environment, approvals=(*earlier, record)))
    until = f"{record.deadline:%Y-%m-%d %H:%M} UTC"
    log(context, f"{environment} waits for an approval, until {until}", event=Event.APPROVAL_REQUESTED)
    ended = record.model_copy(update=(yield from _end(context, run, environment, cancellation)))
    log(context, f"the approval of {environment} ended as {ended.state}", event=Event.APPROVAL_ENDED, state=ended.state)
    return ended


def _end(context: Context, run: PipelineRun, environment: str, cancellation: Cancellation) -> Steps[dict[str, Any]]:
    """Return what the end of the wait changes in the record."""
    decided = expect_event(context, approval_event(environment))
    alarm = timer(context, _patience(run, environment))
    while True:
        yield from cancellation.first_of(decided, alarm)
        if not decided.is_complete:
            break
        decision = ApprovalDecision.from_payload(decided.get_result())
        if decision.run_id in {None, run.id}:
            alarm.cancel()
            return {"decision": decision, "state": ENDS[decision.decision]}
        # Made for an earlier run of the image, which was over before it came.
        decided = expect_event(context, approval_event(environment))
    if cancellation.task.is_complete:
        alarm.cancel()
        return {"state": ApprovalState.CANCELED}
    return {"state": ApprovalState.TIMED_OUT}


def _patience(run: PipelineRun, environment: str) -> timedelta:
    return timedelta(minutes=run.approvals[environment].timeout_minutes)
