"""Tells an orchestration's history as the management webhooks do: what was asked for and its end as one event."""

from datetime import datetime
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


def history_events(events: list[history.HistoryEvent]) -> list[dict[str, Any]]:
    """Return the events that a person looks for; an end carries name and `ScheduledTime` of its beginning."""
    beginnings = {event.event_id: event for event in events if isinstance(event, BEGINNINGS)}
    told: list[dict[str, Any]] = []
    for event in events:
        kind = ENDS.get(type(event)) or SINGLE.get(type(event))
        if kind is None:
            continue
        entry: dict[str, Any] = {"EventType": kind, "Timestamp": _text(event.timestamp)}
        beginning = beginnings.get(getattr(event, "task_scheduled_id", -1))
        if beginning is not None:
            entry |= {"FunctionName": beginning.name, "ScheduledTime": _text(beginning.timestamp)}
        elif isinstance(event, history.ExecutionStartedEvent | history.EventRaisedEvent):
            entry["Name"] = event.name
        told.append(entry)
    return told


def _text(moment: datetime) -> str:
    return moment.isoformat()
