"""Lets a run be canceled: the wish comes as an event, is handed down to what goes on, and ends it in good order."""

from datetime import timedelta
from typing import Any

from durabletask.task import Task

from models.approval import CancelRequest
from models.errors import StepFailed
from models.failure import Failure
from models.message import Message
from models.state import State
from orchestrators.durable import Context, Pending, Steps, expect_event, first_of, send_event, timer, wait_for

CANCEL_EVENT = "cancel"


class Cancellation:
    """A cancellation that may come while an orchestration goes on. One for each orchestration.

    `run_id` is given where an instance id does not tell one run from the next.
    """

    def __init__(self, context: Context, run_id: str | None = None) -> None:
        self._context, self._run_id = context, run_id
        self._task = expect_event(context, CANCEL_EVENT)

    @property
    def task(self) -> Task[Any]:
        """What is complete once the wish has come; one that was meant for another run is none."""
        while self._task.is_complete and self._is_of_another_run():
            self._task = expect_event(self._context, CANCEL_EVENT)
        return self._task

    @property
    def request(self) -> CancelRequest | None:
        """The wish to cancel, if it has come."""
        return CancelRequest.from_payload(self.task.get_result()) if self.task.is_complete else None

    @property
    def failure(self) -> Failure | None:
        """Why the work ends, if the wish has come."""
        request = self.request
        if request is None:
            return None
        reason = f": {request.reason}" if request.reason else "."
        return Failure(code="RunCanceled", message=f"{request.who.name} canceled the run{reason}")

    def check(self) -> None:
        """End the work here, in good order, if the wish has come."""
        failure = self.failure
        if failure is not None:
            raise StepFailed(failure, State.CANCELED)

    def first_of(self, *tasks: Task[Any]) -> Steps[None]:
        """Wait until one of the tasks is over, in whatever way, or the wish has come."""
        while not any(task.is_complete for task in (*tasks, self.task)):
            yield from first_of(*tasks, self.task)

    def sleep(self, duration: timedelta, *interruptions: Task[Any]) -> Steps[None]:
        """Wait for a while, or until the wish or an interruption comes; a wish that has come before is none."""
        alarm = timer(self._context, duration)
        yield from first_of(alarm, *interruptions, *(() if self.task.is_complete else (self.task,)))
        alarm.cancel()

    def follow[T: Message](self, pending: Pending[T], instance_id: str) -> Steps[T]:
        """Wait for a child orchestration; a wish that comes meanwhile is handed down to it, and it ends by itself."""
        yield from self.first_of(pending.task)
        if not pending.task.is_complete:
            self.hand_down(instance_id)
        return (yield from wait_for(pending))

    def hand_down(self, instance_id: str) -> None:
        """Tell another orchestration of the wish, if it has come."""
        if self.task.is_complete:
            send_event(self._context, instance_id, CANCEL_EVENT, self.task.get_result())

    def _is_of_another_run(self) -> bool:
        meant = CancelRequest.from_payload(self._task.get_result()).run_id
        return None not in {meant, self._run_id} and meant != self._run_id
