"""The only door to the durable context: typed calls, waits and log lines.

Everything here is used with `yield from`, which keeps the types that a plain `yield` loses. What comes back from an
activity or a child orchestration is an envelope: `{"value": ...}`, or `{"failure": ...}` for an expected failure,
which is raised as StepFailed.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

from durabletask.task import (
    CancellableTask,
    OrchestrationContext,
    RetryPolicy,
    Task,
    TaskFailedError,
    when_all,
    when_any,
)

from models.errors import StepFailed, StepUnanswered, azure_code
from models.failure import Failure
from models.message import JsonObject, Message
from models.subject import Subject
from policies.checks.advice import advice
from policies.runs.custom_status import fitting_status
from telemetry.attributes import named

type Steps[T] = Generator[Task[Any], Any, T]
type Activity[O: Message] = Callable[..., Awaitable[O]]
type Orchestrator[I: Message, O: Message] = Callable[[Context, I], Steps[O]]

# The member of an input beside those of its message: what the work is about.
ABOUT = "about"
LOGGER = logging.getLogger("image_bakery")
# About five minutes of trying: what passes by itself (throttling, a role that propagates) has passed by then.
AZURE_RETRIES = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    backoff_coefficient=1.5,
    max_retry_interval=timedelta(seconds=60),
    max_number_of_attempts=14,
)

# For what needs a role that was just given, which takes up to ten minutes to reach the service that asks for it.
ROLE_RETRIES = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    backoff_coefficient=1.5,
    max_retry_interval=timedelta(seconds=60),
    max_number_of_attempts=20,
)

# For what is asked again later in any case.
FEW_RETRIES = RetryPolicy(first_retry_interval=timedelta(seconds=1), backoff_coefficient=1.5, max_number_of_attempts=5)


@dataclass
class Context:
    """The durable context of an orchestration, and what its work is about just now."""

    durable: OrchestrationContext
    subject: Subject = field(default_factory=Subject)


@dataclass(frozen=True)
class Pending[T: Message]:
    """Work that was handed out and has not answered yet; `tries` is how often it is tried at most."""

    context: Context
    task: Task[Any]
    answer: type[T]
    name: str
    began: datetime
    tries: int = 1

    def __str__(self) -> str:
        if self.tries == 1:
            return self.name
        seconds = round((now(self.context) - self.began).total_seconds())
        return f"{self.name}, tried {self.tries} times within {timedelta(seconds=seconds)},"


def about(context: Context, **names: str | None) -> None:
    """Say what the work is about from here on: `run`, `image`, `environment`, `step`; what is not named stays."""
    context.subject = context.subject.model_copy(update=names)


def schedule_activity[O: Message](
    context: Context, activity: Activity[O], message: Message, retries: RetryPolicy = AZURE_RETRIES
) -> Pending[O]:
    """Hand an activity out, with retries of the failures that pass by themselves."""
    name, answer = activity.__name__, get_type_hints(activity)["return"]
    task = context.durable.call_activity(name, input=_input(context, message), retry_policy=retries)
    return Pending(context, task, answer, name, now(context), retries.max_number_of_attempts)


def schedule_orchestrator[I: Message, O: Message](
    context: Context, orchestrator: Orchestrator[I, O], message: I, instance_id: str
) -> Pending[O]:
    """Hand a child orchestration out under its own instance id."""
    task = context.durable.call_sub_orchestrator(
        orchestrator.__name__, input=_input(context, message), instance_id=instance_id
    )
    answer = get_type_hints(orchestrator)["return"].__args__[0]
    return Pending(context, task, answer, orchestrator.__name__, now(context))


def wait_for[T: Message](pending: Pending[T]) -> Steps[T]:
    """Wait for work that was handed out.

    Raises StepFailed where it ended in an expected failure, StepUnanswered where no try brought an answer.
    """
    try:
        envelope = yield pending.task
    except TaskFailedError as error:
        raise StepUnanswered(_unexpected(str(pending), error)) from error
    return opened(envelope, pending.answer)


def wait_for_all[T: Message](pending: list[Pending[T]]) -> Steps[list[T]]:
    """Wait until all of the work is over, in whatever way; then raise the first failure, if there is one."""
    if not pending:
        return []  # The SDK's `when_all` of nothing never completes.
    try:
        envelopes = yield when_all([one.task for one in pending])
    except TaskFailedError as error:
        raise StepUnanswered(_unexpected(" or ".join(map(str, pending)), error)) from error
    return [opened(envelope, one.answer) for envelope, one in zip(envelopes, pending, strict=True)]


def outcomes[T: Message](pending: list[Pending[T]]) -> Steps[list[T | Failure]]:
    """Wait until all of the work is over; one that failed gives its failure and does not stop the others."""
    if not pending:
        return []  # As above.
    # Each one's own failure is told below.
    with contextlib.suppress(TaskFailedError):
        yield when_all([one.task for one in pending])
    found: list[T | Failure] = []
    for one in pending:
        try:
            found.append((yield from wait_for(one)))
        except StepFailed as failed:
            found.append(failed.failure)
    return found


def call_activity[O: Message](
    context: Context, activity: Activity[O], message: Message, retries: RetryPolicy = AZURE_RETRIES
) -> Steps[O]:
    """Run an activity and wait for its answer."""
    return (yield from wait_for(schedule_activity(context, activity, message, retries)))


def call_orchestrator[I: Message, O: Message](
    context: Context, orchestrator: Orchestrator[I, O], message: I, instance_id: str
) -> Steps[O]:
    """Run a child orchestration and wait for its answer."""
    return (yield from wait_for(schedule_orchestrator(context, orchestrator, message, instance_id)))


def expect_event(context: Context, name: str) -> CancellableTask[Any]:
    """Return a task that completes when an event of this name comes.

    One task for each name and execution: an event goes to the first task that waits for its name.
    """
    return context.durable.wait_for_external_event(name)


def send_event(context: Context, instance_id: str, name: str, payload: Any) -> None:
    """Send an event to another orchestration; one that is over does not get it."""
    context.durable.send_event(instance_id, name, data=payload)


def timer(context: Context, duration: timedelta) -> CancellableTask[Any]:
    """Return a task that completes after a while."""
    return context.durable.create_timer(duration)


def first_of(*tasks: Task[Any]) -> Steps[None]:
    """Wait until one of the tasks is over, in whatever way."""
    yield when_any(tasks)


def sleep(context: Context, duration: timedelta) -> Steps[None]:
    """Wait for a while; nothing is held in memory meanwhile."""
    yield context.durable.create_timer(duration)


def now(context: Context) -> datetime:
    """Return the orchestration's time, in UTC: the same on every replay."""
    return context.durable.current_utc_datetime.replace(tzinfo=UTC)


def new_number(context: Context) -> int:
    """Return a number that no other call gets, and that is the same on every replay."""
    return int(context.durable.new_uuid().replace("-", ""), 16)


def continue_as_new(context: Context, message: Message) -> None:
    """Start over with this message and an empty history, so that histories stay short."""
    context.durable.continue_as_new(_input(context, message), save_events=True)


def show(context: Context, status: Message) -> None:
    """Make this the orchestration's custom status, as much of it as may be shown."""
    context.durable.set_custom_status(fitting_status(status.to_payload()))


def log(context: Context, sentence: str, **told: str) -> None:
    """Write a line to the log, once and not on every replay; `told` are attributes of it, such as its `event`."""
    _write(context, logging.INFO, sentence, told)


def warn(context: Context, sentence: str, **told: str) -> None:
    """Write a line to the log, once, that somebody should read."""
    _write(context, logging.WARNING, sentence, told)


def opened[T: Message](envelope: Any, answer: type[T]) -> T:
    """Return what an envelope holds; raises StepFailed where it holds a failure."""
    if "failure" in envelope:
        raise StepFailed(Failure.from_payload(envelope["failure"]))
    return answer.from_payload(envelope["value"])


def subject_of(payload: Any) -> Subject:
    """Return what the work is about that gets this input; that of a client does not say."""
    return Subject.from_payload(payload.get(ABOUT, {}))


def _input(context: Context, message: Message) -> JsonObject:
    return message.to_payload() | {ABOUT: context.subject.to_payload()}


def _write(context: Context, level: int, sentence: str, told: dict[str, str]) -> None:
    # The SDK's own logger for orchestrations would take nothing but the sentence.
    if not context.durable.is_replaying:
        extra = context.subject.attributes() | named(**told)
        LOGGER.log(level, "%s: %s", context.durable.instance_id, sentence, extra=extra)


def _unexpected(what: str, error: TaskFailedError) -> Failure:
    code = azure_code(error.details.message) or error.details.error_type.rsplit(".", 1)[-1]
    message = f"{what} did not succeed: {error.details.message}"
    return Failure(code=code, message=message, what_to_do=advice(code, message))
