"""Plays an orchestrator without a durable engine: answers are scripted, and the clock jumps at every timer."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from durabletask.task import CompletableTask, TaskFailedError

from hosting.durable_functions import orchestrator_handle
from hosting.injection import message_parameter
from models.message import Message
from orchestrators.durable import Context

type Answer = Message | dict[str, Any] | Exception
type Script = dict[str, list[Answer] | Answer | Callable[[dict[str, Any]], Answer]]


class Rehearsal:
    """One play: `script` answers activities by name (a list answers call by call, its last entry from then on).

    `steps` is what happened, one readable line each; `statuses` holds each instance's custom status by instance id.
    """

    def __init__(self, script: Script, orchestrators: list[Callable[..., Any]]) -> None:
        self.script = {name: list(answer) if isinstance(answer, list) else answer for name, answer in script.items()}
        self.orchestrators = {orchestrator.__name__: orchestrator for orchestrator in orchestrators}
        self.now = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
        self.steps: list[str] = []
        self.inputs: dict[str, list[dict[str, Any]]] = {}
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.longest_history = 0

    def play(self, orchestrator: Callable[..., Any], message: Message, instance_id: str = "play") -> dict[str, Any]:
        """Return the envelope that the orchestrator ends with."""
        payload = message.to_payload()
        while True:
            context = _Context(self, instance_id)
            generator = orchestrator_handle(orchestrator)(cast("Context", context), payload)
            envelope = _run(generator)
            self.longest_history = max(self.longest_history, context.events)
            if context.new_input is None:
                return envelope
            payload = context.new_input

    def answer(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the scripted answer, as it crosses the border."""
        self.inputs.setdefault(name, []).append(payload)
        answer = self.script[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        elif callable(answer):
            answer = answer(payload)
        if isinstance(answer, Exception):
            raise answer
        return {"value": answer.to_payload()} if isinstance(answer, Message) else answer


class _Context:
    """The part of a durable context that our door uses."""

    def __init__(self, rehearsal: Rehearsal, instance_id: str) -> None:
        self.rehearsal = rehearsal
        self.instance_id = instance_id
        self.is_replaying = False
        self.new_input: dict[str, Any] | None = None
        self.events = 0

    @property
    def current_utc_datetime(self) -> datetime:
        return self.rehearsal.now.replace(tzinfo=None)

    def call_activity(self, name: str, *, input: dict[str, Any], retry_policy: object) -> CompletableTask[Any]:  # noqa: A002, ARG002 - the SDK's names
        self.events += 3
        self.rehearsal.steps.append(_line(name, input))
        return _completed(lambda: self.rehearsal.answer(name, input))

    def call_sub_orchestrator(self, name: str, *, input: dict[str, Any], instance_id: str) -> CompletableTask[Any]:  # noqa: A002 - the SDK's name
        self.events += 3
        orchestrator = self.rehearsal.orchestrators[name]
        message = message_parameter(orchestrator)[1].from_payload(input)
        return _completed(lambda: self.rehearsal.play(orchestrator, message, instance_id))

    def create_timer(self, duration: timedelta) -> CompletableTask[Any]:
        self.events += 3
        self.rehearsal.now += duration
        return _completed(lambda: None)

    def set_custom_status(self, status: dict[str, Any]) -> None:
        self.rehearsal.statuses.setdefault(self.instance_id, []).append(status)

    def continue_as_new(self, new_input: dict[str, Any], *, save_events: bool) -> None:
        assert save_events
        self.new_input = new_input

    def create_replay_safe_logger(self, logger: Any) -> Any:
        return logger


def _completed(work: Callable[[], Any]) -> CompletableTask[Any]:
    task: CompletableTask[Any] = CompletableTask()
    try:
        task.complete(work())
    except Exception as error:  # noqa: BLE001 - whatever an activity raises reaches the orchestrator so
        task.fail(str(error), error)
    return task


def _run(generator: Generator[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    try:
        task = next(generator)
        while True:
            try:
                result = task.get_result()
            except TaskFailedError as error:
                task = generator.throw(error)
            else:
                task = generator.send(result)
    except StopIteration as end:
        return end.value


def _line(name: str, payload: dict[str, Any]) -> str:
    """Return the activity and what it was about."""
    subject = payload.get("name") or payload.get("scope") or payload.get("environment") or ""
    return f"{name} {subject.rsplit('/', 1)[-1]}".rstrip()
