"""What happened to a run between two looks at it, as one line for each change."""

from datetime import timedelta
from itertools import islice

from models.approval import ApprovalRecord, ApprovalState, Person
from models.image_build import ImageBuildProgress, ImageRunState
from models.pipeline_record import PipelineRecord, StageRecord, StepRecord
from models.state import State


def changes(before: PipelineRecord | None, after: PipelineRecord) -> list[str]:
    """Return the lines that tell what is new in `after`, in the order in which it happened."""
    lines = [] if before else [f"run {after.id}: image {after.image}, scope {after.scope}"]
    known = {stage.environment: stage for stage in before.stages} if before else {}
    for stage in after.stages:
        lines += _stage_changes(known.get(stage.environment), stage)
    asked = {approval.environment: approval.state for approval in before.approvals} if before else {}
    waiting = [approval for approval in after.approvals if asked.get(approval.environment) is not approval.state]
    lines += [f"{approval.environment}  approval: {approval_state(approval)}" for approval in waiting]
    if after.ended_at is not None and (before is None or before.state is not after.state):
        lines.append(f"run {after.id}: {after.state} after {clock(after.ended_at - after.started_at)}")
    return lines


def clock(duration: timedelta) -> str:
    """Return a duration as `m:ss`, or `h:mm:ss` where it is an hour or longer."""
    minutes, seconds = divmod(max(0, int(duration.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def build_state(build: ImageBuildProgress) -> str:
    """Return run state and sub-state of a build in Azure Image Builder's words."""
    return f"{build.run_state}, {build.run_sub_state}" if build.run_sub_state else str(build.run_state)


def approval_state(approval: ApprovalRecord) -> str:
    """Return where an approval stands: until when it is waited for, or who decided."""
    if approval.state is ApprovalState.WAITING:
        return f"Waiting until {approval.deadline:%Y-%m-%d %H:%M} UTC"
    if approval.decision is None:
        return str(approval.state)
    return f"{approval.state} {by_whom(approval.decision.who, approval.decision.reason)}"


def by_whom(who: Person, reason: str | None) -> str:
    """Return who did something and, if it was said, why."""
    signed_in = "" if who.verified else " (not signed in)"
    return f"by {who.name}{signed_in}{f': {reason}' if reason else ''}"


def _stage_changes(before: StageRecord | None, after: StageRecord) -> list[str]:
    environment = after.environment
    known = {step.name: step for step in before.steps} if before else {}
    lines = [
        f"{environment}  {step.name}: {_step_state(step)}"
        for step in after.steps
        if step.name not in known or known[step.name].state is not step.state
    ]
    build_lines = [f"{environment}  build: {line}" for line in _build_changes(before and before.build, after.build)]
    # The build's own changes belong before the line that says how its step ended, and after the one that begins it.
    place = next((at for at, line in enumerate(lines) if _ends_build(line, environment)), len(lines))
    lines[place:place] = build_lines
    if after.state is not State.RUNNING and (before is None or before.state is not after.state):
        lines.append(f"{environment}  {after.state}")
    return lines


def _ends_build(line: str, environment: str) -> bool:
    return line.startswith(f"{environment}  build: ") and State.RUNNING not in line


def _step_state(step: StepRecord) -> str:
    took = "" if step.duration_seconds is None else f" in {step.duration_seconds:.1f} s"
    return f"{step.state}{took}{f' ({step.detail})' if step.detail else ''}"


def _build_changes(before: ImageBuildProgress | None, after: ImageBuildProgress | None) -> list[str]:
    if after is None:
        return []
    seen = len(before.sub_states) if before else 0
    lines = [f"{ImageRunState.RUNNING}, {sub_state.name}" for sub_state in islice(after.sub_states, seen, None)]
    run_state_is_new = (before.run_state if before else ImageRunState.NOT_STARTED) is not after.run_state
    if run_state_is_new and not (after.run_state is ImageRunState.RUNNING and lines):
        lines.append(str(after.run_state))
    return lines
