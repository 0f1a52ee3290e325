"""Plays orchestrations without a durable engine: answers are scripted, and the clock jumps to what is due next."""

import itertools
import uuid
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from durabletask.task import (
    CancellableTask,
    CompletableTask,
    OrchestrationContext,
    RetryPolicy,
    Task,
    TaskFailedError,
)

from hosting.durable_functions import orchestrator_handle
from hosting.injection import message_parameter
from models.message import Message
from models.subject import Subject
from orchestrators.durable import ABOUT, subject_of

# What an activity, a timer or a child adds to a history: scheduled, the end of that turn, the next turn, completed.
EVENTS_OF_A_STEP = 4
# The start of an execution, its first turn, and its end.
EVENTS_OF_AN_EXECUTION = 4

type Answer = Message | dict[str, Any] | Exception
type Script = dict[str, list[Answer] | Answer | Callable[[dict[str, Any]], Answer]]


class Rehearsal:
    """One play: `script` answers activities by name (a list answers call by call, its last entry from then on).

    `steps` is what happened, one readable line each; `subjects` is what each activity was told that it is about;
    `statuses` holds each instance's custom statuses by instance id; `longest_histories` says of each orchestrator how
    many events its history had at most.
    """

    def __init__(self, script: Script, orchestrators: list[Callable[..., Any]]) -> None:
        self.script = {name: list(answer) if isinstance(answer, list) else answer for name, answer in script.items()}
        self.orchestrators = {orchestrator.__name__: orchestrator for orchestrator in orchestrators}
        self.now = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
        self.steps: list[str] = []
        self.inputs: dict[str, list[dict[str, Any]]] = {}
        self.subjects: list[tuple[str, Subject]] = []
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.longest_histories: dict[str, int] = {}
        self._instances: dict[str, _Instance] = {}
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []

    def raise_event(self, instance_id: str, name: str, data: Any = None, *, after: timedelta = timedelta(0)) -> None:
        """Let an event reach an instance, some time from now; one that does not run then loses it."""
        self.call_later(after, lambda: self.deliver(instance_id, name, data))

    def call_later(self, after: timedelta, function: Callable[[], None]) -> None:
        """Call a function when the clock has come so far."""
        self._due.append((self.now + after, len(self._due), function))

    def play(self, orchestrator: Callable[..., Any], message: Message, instance_id: str = "play") -> dict[str, Any]:
        """Return the envelope that the orchestrator ends with."""
        ended = self.start(orchestrator, message.to_payload(), instance_id)
        self._run_until(lambda: ended.is_complete)
        return ended.get_result()

    def play_on(self) -> None:
        """Let everything that still goes on come to its end."""
        self._run_until(lambda: all(instance.ended.is_complete for instance in self._instances.values()))

    def play_for(self, duration: timedelta) -> None:
        """Let everything happen that is due within this time."""
        end = self.now + duration
        reached: list[bool] = []
        self.call_later(duration, lambda: reached.append(True))
        self._run_until(lambda: bool(reached))
        self.now = end

    def _run_until(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            if sum(instance.resume() for instance in list(self._instances.values())):
                continue
            assert self._due, "Everything waits, and nothing is due."
            self._due.sort(key=lambda due: due[:2])
            moment, _, function = self._due.pop(0)
            self.now = max(self.now, moment)
            function()

    def start(
        self, orchestrator: Callable[..., Any], payload: dict[str, Any], instance_id: str
    ) -> CompletableTask[Any]:
        """Start an instance; the task completes when it ends."""
        instance = self._instances[instance_id] = _Instance(self, orchestrator, payload, instance_id)
        return instance.ended

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

    def goes_on(self, instance_id: str) -> bool | None:
        """Say whether an instance goes on, or None where there is none."""
        instance = self._instances.get(instance_id)
        return None if instance is None else not instance.ended.is_complete

    def deliver(self, instance_id: str, name: str, data: Any = None) -> None:
        """Let an event reach an instance at once, also in the middle of an activity."""
        instance = self._instances.get(instance_id)
        if instance is not None and not instance.ended.is_complete:
            instance.context.receive(name, data)


class _Instance:
    """An orchestration on the stage: its generator, and the task that it waits for."""

    def __init__(self, play: Rehearsal, orchestrator: Callable[..., Any], payload: dict[str, Any], name: str) -> None:
        self.ended: CompletableTask[Any] = CompletableTask()
        self._play = play
        self._orchestrator = orchestrator.__name__
        self._handle = orchestrator_handle(orchestrator)
        self._name = name
        self._events: dict[str, list[Any]] = {}
        self._begin(payload)

    def resume(self) -> bool:
        """Go on as far as possible; says whether there was anything to do."""
        if self.ended.is_complete or not (self._waits_for is None or self._waits_for.is_complete):
            return False
        try:
            self._waits_for = self._advance()
        except StopIteration as end:
            if self.context.new_input is None:
                self.ended.complete(end.value)
            else:
                self._begin(self.context.new_input)
        except Exception as error:  # noqa: BLE001 - whatever an orchestrator raises reaches its parent so
            self.ended.fail(str(error), error)
        return True

    def _begin(self, payload: dict[str, Any]) -> None:
        self.context = _Context(self._play, self._name, self._events, self._orchestrator)
        self._generator: Generator[Task[Any], Any, dict[str, Any]] = self._handle(
            cast("OrchestrationContext", self.context), payload
        )
        self._waits_for: Task[Any] | None = None

    def _advance(self) -> Task[Any]:
        if self._waits_for is None:
            return next(self._generator)
        try:
            result = self._waits_for.get_result()
        except TaskFailedError as error:
            return self._generator.throw(error)
        return self._generator.send(result)


class _Context:
    """The part of a durable context that our door uses."""

    def __init__(self, play: Rehearsal, instance_id: str, events: dict[str, list[Any]], orchestrator: str) -> None:
        self.play = play
        self.instance_id = instance_id
        self.is_replaying = False
        self.new_input: dict[str, Any] | None = None
        self._history = EVENTS_OF_AN_EXECUTION
        self._orchestrator = orchestrator
        self._numbers = itertools.count()
        self._buffered = events
        self._expected: dict[str, list[CancellableTask[Any]]] = {}

    @property
    def current_utc_datetime(self) -> datetime:
        return self.play.now.replace(tzinfo=None)

    def call_activity(self, name: str, *, input: dict[str, Any], retry_policy: RetryPolicy) -> CompletableTask[Any]:  # noqa: A002 - the SDK's name
        self._remember(EVENTS_OF_A_STEP)
        self.play.steps.append(_line(name, input))
        self.play.subjects.append((name, subject_of(input)))
        task: CompletableTask[Any] = CompletableTask()
        try:
            task.complete(self.play.answer(name, {key: value for key, value in input.items() if key != ABOUT}))
        except Exception as error:  # noqa: BLE001 - whatever an activity raises reaches the orchestrator so
            # It is what the last try came to: each other one is in the history too, with the pause after it.
            self._remember((retry_policy.max_number_of_attempts - 1) * 2 * EVENTS_OF_A_STEP)
            task.fail(str(error), error)
        return task

    def call_sub_orchestrator(self, name: str, *, input: dict[str, Any], instance_id: str) -> CompletableTask[Any]:  # noqa: A002 - the SDK's name
        self._remember(EVENTS_OF_A_STEP)
        orchestrator = self.play.orchestrators[name]
        message_parameter(orchestrator)[1].from_payload(input)
        return self.play.start(orchestrator, input, instance_id)

    def create_timer(self, duration: timedelta) -> CancellableTask[Any]:
        self._remember(EVENTS_OF_A_STEP)
        timer: CancellableTask[Any] = CancellableTask()
        self.play.call_later(duration, lambda: None if timer.is_complete else timer.complete(None))
        return timer

    def wait_for_external_event(self, name: str) -> CancellableTask[Any]:
        task: CancellableTask[Any] = CancellableTask()
        if self._buffered.get(name):
            task.complete(self._buffered[name].pop(0))
        else:
            self._expected.setdefault(name, []).append(task)
        return task

    def receive(self, name: str, data: Any) -> None:
        self._remember(EVENTS_OF_A_STEP)
        for task in self._expected.get(name, []):
            if not task.is_complete:
                task.complete(data)
                return
        self._buffered.setdefault(name, []).append(data)

    def send_event(self, instance_id: str, name: str, *, data: Any) -> None:
        self.play.raise_event(instance_id, name, data)

    def new_uuid(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.instance_id}_{self.play.now}_{next(self._numbers)}"))

    def set_custom_status(self, status: dict[str, Any]) -> None:
        self.play.statuses.setdefault(self.instance_id, []).append(status)

    def continue_as_new(self, new_input: dict[str, Any], *, save_events: bool) -> None:
        assert save_events
        self.new_input = new_input

    def _remember(self, events: int) -> None:
        self._history += events
        longest = self.play.longest_histories
        longest[self._orchestrator] = max(longest.get(self._orchestrator, 0), self._history)


def _line(name: str, payload: dict[str, Any]) -> str:
    """Return the activity and what it was about."""
    subject = payload.get("name") or payload.get("scope") or payload.get("environment") or ""
    return f"{name} {subject.rsplit('/', 1)[-1]}".rstrip()
