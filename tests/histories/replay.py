"""Replays recorded histories with the orchestrators of today, by the very machinery that the app uses.

What an orchestration must do again is what it did: the same calls, in the same order, of the same instances, with at
least what was said then, and the same end. When a timer fires may change: nothing that is replayed hangs on it.
"""

import base64
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from azure.durable_functions.worker import DurableFunctionsWorker

import orchestrators
from hosting.durable_functions import orchestrator_handle
from tests.histories.recorded import History, Turn

type Orchestrators = Mapping[str, Callable[..., Any]]

TODAY: Orchestrators = {
    name: function
    for module in pkgutil.iter_modules(orchestrators.__path__, "orchestrators.")
    for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isgeneratorfunction)
    if name == module.name.rpartition(".")[2]
}
WHAT_TO_DO = (
    "An instance that runs while this version is deployed would break, or do something else than it began. Let it go "
    "on as docs/upgrading.md says; where the version of the recording was never released, record it anew: "
    "`python -m tests.histories`."
)


@dataclass(frozen=True)
class Act:
    """Something that an orchestration does: what, with whom, and what it says."""

    kind: str
    whom: str
    said: Any = None


def misfits(history: History, known: Orchestrators) -> Iterator[str]:
    """Say for each turn, and each history that ends before it, where today's orchestrator would do otherwise."""
    orchestrator = known.get(history.orchestrator)
    if orchestrator is None:
        yield f"{history.told}: there is no orchestrator {history.orchestrator} any more. {WHAT_TO_DO}"
        return
    handle = orchestrator_handle(orchestrator)
    for number, turn in enumerate(history.turns, start=1):
        recorded = [act for event in turn.did if (act := _act_of_event(event))]
        today = [_act_of_action(action) for action in _replayed(history, handle, turn)]
        difference = _difference(recorded, today)
        if difference:
            yield f"{history.told}, turn {number}: {history.orchestrator} {difference} {WHAT_TO_DO}"
            return


def _replayed(history: History, handle: Callable[..., Any], turn: Turn) -> list[pb.OrchestratorAction]:
    request = pb.OrchestratorRequest(instanceId=history.instance_id, pastEvents=turn.before, newEvents=turn.woken_by)
    encoded = base64.b64encode(request.SerializeToString()).decode()
    answer = DurableFunctionsWorker().execute_orchestration_request(handle, encoded)
    response = pb.OrchestratorResponse()
    response.ParseFromString(base64.b64decode(answer))
    return sorted(response.actions, key=lambda action: action.id)


def _act_of_event(event: pb.HistoryEvent) -> Act | None:
    match event.WhichOneof("eventType"):
        case "taskScheduled":
            return Act("calls", event.taskScheduled.name, _json(event.taskScheduled.input.value))
        case "subOrchestrationInstanceCreated":
            child = event.subOrchestrationInstanceCreated
            return Act("starts", f"{child.name} as {child.instanceId}", _json(child.input.value))
        case "timerCreated":
            return Act("waits", "for a timer")
        case "eventSent":
            sent = event.eventSent
            return Act("sends", f"{sent.name} to {sent.instanceId}", _json(sent.input.value))
        case "executionCompleted":
            end = event.executionCompleted
            return _end(end.orchestrationStatus, end.result.value, end.failureDetails)
    return None


def _act_of_action(action: pb.OrchestratorAction) -> Act:
    match action.WhichOneof("orchestratorActionType"):
        case "scheduleTask":
            return Act("calls", action.scheduleTask.name, _json(action.scheduleTask.input.value))
        case "createSubOrchestration":
            child = action.createSubOrchestration
            return Act("starts", f"{child.name} as {child.instanceId}", _json(child.input.value))
        case "createTimer":
            return Act("waits", "for a timer")
        case "sendEvent":
            sent = action.sendEvent
            return Act("sends", f"{sent.name} to {sent.instance.instanceId}", _json(sent.data.value))
        case "completeOrchestration":
            end = action.completeOrchestration
            return _end(end.orchestrationStatus, end.result.value, end.failureDetails)
        case other:
            return Act("does", f"something unknown: {other}")


def _end(status: Any, result: str, failure: pb.TaskFailureDetails) -> Act:
    how = pb.OrchestrationStatus.Name(status).removeprefix("ORCHESTRATION_STATUS_").lower()
    return Act("ends", f"as {how}: {failure.errorMessage}" if failure.errorMessage else f"as {how}", _json(result))


def _difference(recorded: list[Act], today: list[Act]) -> str | None:
    """Return what is otherwise today, in a sentence, or None."""
    for then, now in zip(recorded, today, strict=False):
        if (then.kind, then.whom) != (now.kind, now.whom):
            return f"{now.kind} {now.whom}, where it {then.kind} {then.whom} in the recording."
        lost = _lost(then.said, now.said, "")
        if lost:
            return f"{now.kind} {now.whom}, and says otherwise than in the recording: {lost}."
    more, kind = (today, "also") if len(today) > len(recorded) else (recorded, "does not do any more what it did:")
    rest = more[min(len(today), len(recorded)) :]
    return f"{kind} {rest[0].kind} {rest[0].whom}." if rest else None


def _lost(then: Any, now: Any, where: str) -> str | None:
    """Return where something that was said is not said any more; more may be said."""
    if isinstance(then, dict) and isinstance(now, dict):
        losses = (_lost(value, now.get(name, "(nothing)"), f"{where}.{name}") for name, value in then.items())
        return next((loss for loss in losses if loss), None)
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        losses = (_lost(*pair, f"{where}[{index}]") for index, pair in enumerate(zip(then, now, strict=True)))
        return next((loss for loss in losses if loss), None)
    return None if then == now else f"{where.lstrip('.') or 'it'} was {then!r:.200} and is {now!r:.200}"


def _json(text: str) -> Any:
    return json.loads(text) if text else None
