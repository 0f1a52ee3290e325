"""The in-memory engine of durabletask, mended so that orchestrations may take as long as they like.

What differs from the stock engine: a sub-orchestration answers its parent however long it took; answers to an earlier
execution of an instance never reach a later one (continue-as-new, ids that are used again); a termination reaches
sub-orchestrations; an event for an instance that is over is refused; history events have time stamps; timers wait in
one heap, on a clock that can jump.
"""

import itertools
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import override

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal import helpers
from durabletask.testing.in_memory_backend import InMemoryOrchestrationBackend, OrchestrationInstance

from local.durable_backend.history import StampedEvents, is_from_outside
from local.durable_backend.kept_histories import KeptHistories
from local.durable_backend.timers import Timers

FINISHED = (
    pb.ORCHESTRATION_STATUS_COMPLETED,
    pb.ORCHESTRATION_STATUS_FAILED,
    pb.ORCHESTRATION_STATUS_TERMINATED,
    pb.ORCHESTRATION_STATUS_CANCELED,
)
SECONDS_TO_WAIT_FOR_A_STATE = 3600.0


@dataclass(frozen=True)
class Caller:
    """What a sub-orchestration answers: a task of one execution of its parent."""

    instance_id: str
    execution: str
    task_id: int


class Engine(InMemoryOrchestrationBackend):
    """Instances, their executions and their timers; every change is made under one lock.

    The history of each execution that ends goes to `histories`, where they are to be kept.
    """

    def __init__(self, histories: KeptHistories | None = None) -> None:
        # The history limit is kept by whoever takes the answers: the stock one leaves the orchestration hanging.
        super().__init__(max_history_size=sys.maxsize, port=0)
        self._work = threading.Condition(self._lock)
        self.timers = Timers(self._lock)
        self._executions: dict[str, str] = {}
        self._callers: dict[str, Caller] = {}
        self._not_before: dict[str, datetime] = {}
        self._recursive_terminations: dict[str, str | None] = {}
        self._histories = histories

    @override
    def stop(self, grace: float | None = None) -> None:
        self.timers.stop()
        with self._work:
            self._shutdown_event.set()
            self._work.notify_all()
            # A thread that still waits for a state would keep the process from ending.
            for waiter in itertools.chain.from_iterable(self._state_waiters.values()):
                waiter.event.set()
        super().stop(grace)

    @override
    def StartInstance(
        self, request: pb.CreateInstanceRequest, context: grpc.ServicerContext
    ) -> pb.CreateInstanceResponse:
        """Start an instance. One that runs is not replaced (ALREADY_EXISTS), a finished one is."""
        if not request.orchestrationIdReusePolicy.replaceableStatus:
            request.orchestrationIdReusePolicy.replaceableStatus.extend(FINISHED)
        with self._lock:
            answer = super().StartInstance(request, context)
            self._begin(answer.instanceId)
            if request.HasField("scheduledStartTimestamp"):
                start = request.scheduledStartTimestamp.ToDatetime(tzinfo=UTC)
                self._not_before[answer.instanceId] = start
                self.timers.call_at(start, partial(self._enqueue_orchestration, answer.instanceId))
        return answer

    @override
    def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: grpc.ServicerContext
    ) -> pb.PurgeInstancesResponse:
        """Purge finished instances; with `recursive`, the sub-orchestrations of a purged one too."""
        with self._lock:
            instance = self._instances.get(request.instanceId)
            children = self._children(instance) if instance and request.recursive else []
            answer = super().PurgeInstances(request, context)
            if answer.deletedInstanceCount:
                for child in children:
                    purge = pb.PurgeInstancesRequest(instanceId=child, recursive=True)
                    answer.deletedInstanceCount += self.PurgeInstances(purge, context).deletedInstanceCount
        return answer

    @override
    def _create_instance_internal(
        self, instance_id: str, name: str, encoded_input: str | None = None, version: str | None = None
    ) -> None:
        super()._create_instance_internal(instance_id, name, encoded_input, version)
        self._begin(instance_id)

    def _begin(self, instance_id: str) -> None:
        """Prepare what a new instance needs, and forget what an earlier one with its id had."""
        instance = self._instances[instance_id]
        instance.created_at = instance.last_updated_at = self.timers.now()
        self._executions[instance_id] = uuid.uuid4().hex
        self._callers.pop(instance_id, None)
        self._not_before.pop(instance_id, None)
        self._recursive_terminations.pop(instance_id, None)
        self._stamp(instance)

    def _stamp(self, instance: OrchestrationInstance) -> None:
        instance.pending_events = StampedEvents(instance.pending_events, self.timers.now)
        instance.history = StampedEvents(instance.history, self.timers.now)

    @override
    def _is_terminal_status(self, status: pb.OrchestrationStatus) -> bool:
        return status in FINISHED

    def _is_finished(self, instance: OrchestrationInstance) -> bool:
        return instance.status in FINISHED

    def _waiting(self, instance_id: str, execution: str) -> OrchestrationInstance | None:
        """Return an instance if that execution of it can still be answered."""
        instance = self._instances.get(instance_id)
        if instance is None or self._is_finished(instance) or self._executions[instance_id] != execution:
            return None
        return instance

    @override
    def RaiseEvent(self, request: pb.RaiseEventRequest, context: grpc.ServicerContext) -> pb.RaiseEventResponse:
        """Refuse an event for an instance that is over, as the extension does."""
        with self._lock:
            instance = self._instances.get(request.instanceId)
            if instance and self._is_finished(instance):
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"The instance {request.instanceId} is over.")
        return super().RaiseEvent(request, context)

    def _deliver(self, instance: OrchestrationInstance, event: pb.HistoryEvent) -> None:
        instance.pending_events.append(event)
        instance.last_updated_at = self.timers.now()
        self._enqueue_orchestration(instance.instance_id)

    @override
    def _enqueue_orchestration(self, instance_id: str) -> None:
        super()._enqueue_orchestration(instance_id)
        self._work.notify_all()

    @override
    def _enqueue_entity(self, entity_id: str) -> None:
        super()._enqueue_entity(entity_id)
        self._work.notify_all()

    @override
    def _process_complete_orchestration_action(
        self, instance: OrchestrationInstance, complete_action: pb.CompleteOrchestrationAction
    ) -> None:
        goes_on = complete_action.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
        if self._histories:
            self._histories.keep(instance.instance_id, [*instance.history, _end(complete_action)])
        if goes_on:
            # Answers that came meanwhile are to the execution that ends here.
            instance.pending_events[:] = filter(is_from_outside, instance.pending_events)
        super()._process_complete_orchestration_action(instance, complete_action)
        if goes_on:
            self._executions[instance.instance_id] = uuid.uuid4().hex
        elif instance.completed_at:
            instance.completed_at = self.timers.now()

    @override
    def _process_create_timer_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
        instance.history.append(helpers.new_timer_created_event(action.id, fire_at))
        execution = self._executions[instance.instance_id]
        self.timers.call_at(fire_at, partial(self._fire, instance.instance_id, execution, action.id, fire_at))

    def _fire(self, instance_id: str, execution: str, timer_id: int, fire_at: datetime) -> None:
        instance = self._waiting(instance_id, execution)
        if instance:
            self._deliver(instance, helpers.new_timer_fired_event(timer_id, fire_at))

    @override
    def _schedule_delayed_entity_operation(self, entity_id: str, event: pb.HistoryEvent, fire_at: datetime) -> None:
        self.timers.call_at(fire_at, partial(self._queue_entity_operation, entity_id, event))

    @override
    def _watch_sub_orchestration(self, parent_instance_id: str, sub_instance_id: str, task_id: int) -> None:
        self._callers[sub_instance_id] = Caller(parent_instance_id, self._executions[parent_instance_id], task_id)
        # One that has already finished answers later: a rewind of the parent, now under way, clears what came before.
        answer = partial(self._answer_caller, self._instances[sub_instance_id])
        self.timers.call_at(self.timers.now(), answer)

    def _answer_caller(self, sub_instance: OrchestrationInstance) -> None:
        if not self._is_finished(sub_instance):
            return
        caller = self._callers.pop(sub_instance.instance_id, None)
        parent = self._waiting(caller.instance_id, caller.execution) if caller else None
        if caller and parent:
            self._deliver(parent, _answer(sub_instance, caller.task_id))

    @override
    def _process_rewind_orchestration_action(
        self, instance: OrchestrationInstance, rewind_action: pb.RewindOrchestrationAction
    ) -> None:
        super()._process_rewind_orchestration_action(instance, rewind_action)
        self._stamp(instance)

    @override
    def _terminate_instance_internal(
        self, instance_id: str, output: str | None, recursive: bool = False
    ) -> None:  # the stock signature
        instance = self._instances.get(instance_id)
        if recursive and instance and not self._is_finished(instance):
            self._recursive_terminations[instance_id] = output
        super()._terminate_instance_internal(instance_id, output)

    @override
    def _notify_waiters(self, instance_id: str) -> None:
        super()._notify_waiters(instance_id)
        instance = self._instances[instance_id]
        if not self._is_finished(instance):
            return
        self._answer_caller(instance)
        if instance_id in self._recursive_terminations:
            output = self._recursive_terminations.pop(instance_id)
            if instance.status == pb.ORCHESTRATION_STATUS_TERMINATED:
                for child in self._children(instance):
                    self._terminate_instance_internal(child, output, recursive=True)

    def _children(self, instance: OrchestrationInstance) -> list[str]:
        """Return the ids of the sub-orchestrations that the current execution of an instance has started."""
        return [
            event.subOrchestrationInstanceCreated.instanceId
            for event in instance.history
            if event.HasField("subOrchestrationInstanceCreated")
        ]

    @override
    def _wait_for_state(
        self, instance_id: str, predicate: Callable[[OrchestrationInstance], bool], timeout: float | None
    ) -> OrchestrationInstance | None:
        # A call without a deadline has centuries left, more than a thread can wait.
        seconds = min(timeout or SECONDS_TO_WAIT_FOR_A_STATE, SECONDS_TO_WAIT_FOR_A_STATE)
        return super()._wait_for_state(instance_id, predicate, seconds)


def _end(action: pb.CompleteOrchestrationAction) -> pb.HistoryEvent:
    return helpers.new_execution_completed_event(
        action.orchestrationStatus,
        action.result.value if action.HasField("result") else None,
        action.failureDetails if action.HasField("failureDetails") else None,
    )


def _answer(sub_instance: OrchestrationInstance, task_id: int) -> pb.HistoryEvent:
    if sub_instance.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        return helpers.new_sub_orchestration_completed_event(task_id, sub_instance.output)
    how = pb.OrchestrationStatus.Name(sub_instance.status).removeprefix("ORCHESTRATION_STATUS_").lower()
    details = sub_instance.failure_details or pb.TaskFailureDetails(
        errorType="SubOrchestrationFailed",
        errorMessage=f"The sub-orchestration '{sub_instance.instance_id}' was {how}.",
    )
    failed = pb.SubOrchestrationInstanceFailedEvent(taskScheduledId=task_id, failureDetails=details)
    return pb.HistoryEvent(eventId=-1, subOrchestrationInstanceFailed=failed)
