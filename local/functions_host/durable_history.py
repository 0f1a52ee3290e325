"""Tells an orchestration's history as the management webhooks do: what was asked for and its end as one event."""

import json
from datetime import UTC, datetime
from typing import Any

from durabletask import history

# Ends of work, with the name that the webhooks have for them.
ENDS: dict[type[history.HistoryEvent], str] = {
    history.TaskCompletedEvent: "TaskCompleted",
    history.TaskFailedEvent: "TaskFailed",
    history.SubOrchestrationInstanceCompletedEvent: "SubOrchestrationInstanceCompleted",
    history.SubOrchestrationInstanceFailedEvent: "SubOrchestrationInstanceFailed",
}
SINGLE: dict[type[history.HistoryEvent], str] = {
    history.ExecutionStartedEvent: "ExecutionStarted",
    history.ExecutionCompletedEvent: "ExecutionCompleted",
    history.ExecutionTerminatedEvent: "ExecutionTerminated",
    history.TimerFiredEvent: "TimerFired",
    history.EventRaisedEvent: "EventRaised",
    history.ContinueAsNewEvent: "ContinueAsNew",
}
BEGINNINGS = (history.TaskScheduledEvent, history.SubOrchestrationInstanceCreatedEvent)


def history_events(events: list[history.HistoryEvent], *, with_output: bool) -> list[dict[str, Any]]:
    """Return the events that a person looks for; an end carries name and `ScheduledTime` of its beginning."""
    beginnings = {event.event_id: event for event in events if isinstance(event, BEGINNINGS)}
    told: list[dict[str, Any]] = []
    for event in events:
        kind = ENDS.get(type(event)) or SINGLE.get(type(event))
        if kind is None:
            continue
        entry: dict[str, Any] = {"EventType": kind, "Timestamp": utc_text(event.timestamp)}
        beginning = beginnings.get(getattr(event, "task_scheduled_id", -1))
        if beginning is not None:
            entry |= {"FunctionName": beginning.name, "ScheduledTime": utc_text(beginning.timestamp)}
        told.append(entry | _details(event, with_output=with_output))
    return told


def utc_text(moment: datetime) -> str:
    """Return a time of the engine, which is UTC, as the webhooks write it."""
    return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _details(event: history.HistoryEvent, *, with_output: bool) -> dict[str, Any]:
    match event:
        case history.ExecutionStartedEvent(name=name):
            return {"FunctionName": name}
        case history.EventRaisedEvent(name=name):
            return {"Name": name}
        case history.TimerFiredEvent(fire_at=fire_at):
            return {"FireAt": utc_text(fire_at)}
        case (
            history.TaskFailedEvent(failure_details=failure)
            | history.SubOrchestrationInstanceFailedEvent(failure_details=failure)
        ) if failure is not None:
            return {"Reason": f"{failure.error_type}: {failure.message}"}
        case (
            history.TaskCompletedEvent(result=result)
            | history.SubOrchestrationInstanceCompletedEvent(result=result)
            | history.ExecutionCompletedEvent(result=result)
        ) if with_output and result is not None:
            return {"Result": json.loads(result)}
        case _:
            return {}
