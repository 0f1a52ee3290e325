"""Hands work items to workers, and takes their answers: nothing is lost with a worker, nothing is counted twice."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import override

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal import helpers
from durabletask.testing.in_memory_backend import ActivityWorkItem, EntityState, OrchestrationInstance
from google.protobuf.wrappers_pb2 import StringValue

from local.durable_backend.entities import EntityEngine
from local.durable_backend.kept_histories import KeptHistories
from local.durable_backend.workers import HandedOut, Item, Kind, Worker, limits_of

LOGGER = logging.getLogger("durable_backend")
SECONDS_BETWEEN_LOOKS = 1.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Activity:
    """An activity that was scheduled and has not been answered, with the execution that waits for it."""

    item: ActivityWorkItem
    execution: str


class DispatchingEngine(EntityEngine):
    """Work items are given again when the stream of their worker ends; the first answer to an item is the only one."""

    def __init__(self, max_history_size: int, histories: KeptHistories | None = None) -> None:
        super().__init__(histories)
        self._history_limit = max_history_size
        self._workers: set[Worker] = set()
        self._handed_out = HandedOut()
        self._activities: dict[str, Activity] = {}

    @override
    def _begin(self, instance_id: str) -> None:
        super()._begin(instance_id)
        # Of an instance that ran and was replaced, a worker may hold a turn; its answer is outdated now.
        self._orchestration_in_flight.discard(instance_id)
        self._handed_out.take_back(Item(Kind.ORCHESTRATION, instance_id))

    @override
    def GetWorkItems(self, request: pb.GetWorkItemsRequest, context: grpc.ServicerContext) -> Iterator[pb.WorkItem]:
        """Stream work items to a worker until its stream ends."""
        filters = dict(zip(Kind, self._parse_work_item_filters(request), strict=True))
        worker = Worker(request.worker_instance_id, limits_of(request), filters)
        with self._lock:
            self._workers.add(worker)
        LOGGER.info("A worker came.")
        if not context.add_callback(partial(self._let_go, worker)):
            self._let_go(worker)
        while item := self._wait_for_work(worker):
            yield item

    def drain(self, worker_id: str) -> None:
        """Hand nothing more to a worker that wants to end; it still answers what it has."""
        with self._lock:
            for worker in self._workers:
                worker.draining = worker.draining or worker.id == worker_id

    def _wait_for_work(self, worker: Worker) -> pb.WorkItem | None:
        with self._work:
            while not worker.gone and not self._shutdown_event.is_set():
                for next_item in (self._next_orchestration, self._next_activity, self._next_entity):
                    if item := next_item(worker):
                        return item
                self._work.wait(SECONDS_BETWEEN_LOOKS)
        return None

    def _let_go(self, worker: Worker) -> None:
        """Give what a worker leaves behind to the others."""
        give_back = {
            Kind.ORCHESTRATION: self._give_back_orchestration,
            Kind.ACTIVITY: self._give_back_activity,
            Kind.ENTITY: self._give_back_entity,
        }
        with self._work:
            worker.gone = True
            self._workers.discard(worker)
            left = self._handed_out.held_by(worker)
            for item in left:
                self._handed_out.take_back(item)
                give_back[item.kind](item.key)
            self._work.notify_all()
        LOGGER.info("A worker went; %d work items are given again.", len(left))

    def _next_orchestration(self, worker: Worker) -> pb.WorkItem | None:
        if not worker.takes(Kind.ORCHESTRATION):
            return None
        for instance_id in list(self._orchestration_queue):
            if instance_id in self._orchestration_in_flight:
                continue
            instance = self._instances.get(instance_id)
            is_ready = instance is not None and self._is_ready(instance)
            if instance and is_ready and not self._fits(worker, Kind.ORCHESTRATION, instance.name, instance.version):
                continue
            self._orchestration_queue.remove(instance_id)
            self._orchestration_queue_set.discard(instance_id)
            if instance and is_ready:
                return self._hand_orchestration(instance, worker)
        return None

    def _is_ready(self, instance: OrchestrationInstance) -> bool:
        due = self._not_before.get(instance.instance_id, LONG_AGO)
        return bool(instance.pending_events) and not self._is_finished(instance) and due <= self.timers.now()

    def _hand_orchestration(self, instance: OrchestrationInstance, worker: Worker) -> pb.WorkItem:
        events = list(instance.pending_events)
        instance.pending_events.clear()
        # A turn begins when it is handed out, by our clock: `current_utc_datetime` follows from it.
        if events[0].HasField("orchestratorStarted"):
            events.pop(0)
        events.insert(0, helpers.new_orchestrator_started_event(self.timers.now()))
        caller = self._callers.get(instance.instance_id)
        for event in events:
            if caller and event.HasField("executionStarted"):
                event.executionStarted.parentInstance.taskScheduledId = caller.task_id
                event.executionStarted.parentInstance.orchestrationInstance.instanceId = caller.instance_id
        instance.dispatched_events = events
        self._orchestration_in_flight.add(instance.instance_id)
        self._handed_out.give(Item(Kind.ORCHESTRATION, instance.instance_id), worker)
        request = pb.OrchestratorRequest(
            instanceId=instance.instance_id, pastEvents=list(instance.history), newEvents=events
        )
        return pb.WorkItem(completionToken=str(instance.completion_token), orchestratorRequest=request)

    def _next_activity(self, worker: Worker) -> pb.WorkItem | None:
        if not worker.takes(Kind.ACTIVITY):
            return None
        for item in list(self._activity_queue):
            is_wanted = str(item.completion_token) in self._activities
            if is_wanted and not self._fits(worker, Kind.ACTIVITY, item.name, item.version):
                continue
            self._activity_queue.remove(item)
            if is_wanted:
                self._handed_out.give(Item(Kind.ACTIVITY, str(item.completion_token)), worker)
                request = pb.ActivityRequest(
                    name=item.name,
                    taskId=item.task_id,
                    input=StringValue(value=item.input) if item.input else None,
                    orchestrationInstance=pb.OrchestrationInstance(instanceId=item.instance_id),
                )
                return pb.WorkItem(completionToken=str(item.completion_token), activityRequest=request)
        return None

    def _next_entity(self, worker: Worker) -> pb.WorkItem | None:
        if not worker.takes(Kind.ENTITY):
            return None
        for entity_id in list(self._entity_queue):
            if entity_id in self._entity_in_flight:
                continue
            # An entity's instance id is `@name@key`.
            name = entity_id.removeprefix("@").partition("@")[0]
            if not self._fits(worker, Kind.ENTITY, name, None):
                continue
            self._entity_queue.remove(entity_id)
            self._entity_queue_set.discard(entity_id)
            entity = self._entities.get(entity_id)
            operations = self._operations_of(entity) if entity else []
            if entity and operations:
                return self._hand_entity(entity, operations, worker)
        return None

    def _hand_entity(self, entity: EntityState, operations: list[pb.HistoryEvent], worker: Worker) -> pb.WorkItem:
        entity.dispatched_operations = operations
        self._entity_in_flight.add(entity.instance_id)
        self._handed_out.give(Item(Kind.ENTITY, entity.instance_id), worker)
        state = None if entity.serialized_state is None else StringValue(value=entity.serialized_state)
        request = pb.EntityRequest(instanceId=entity.instance_id, entityState=state, operationRequests=operations)
        return pb.WorkItem(completionToken=str(entity.completion_token), entityRequestV2=request)

    def _fits(self, worker: Worker, kind: Kind, name: str, version: str | None) -> bool:
        return self._matches_filter(name, version, worker.filters[kind])

    def _give_back_orchestration(self, instance_id: str) -> None:
        instance = self._instances[instance_id]
        instance.pending_events[:0] = instance.dispatched_events
        instance.dispatched_events = []
        # A worker that went without knowing it may still answer: that answer must not count.
        instance.completion_token = self._new_token()
        self._orchestration_in_flight.discard(instance_id)
        self._enqueue_orchestration(instance_id)

    def _give_back_activity(self, token: str) -> None:
        item = self._activities[token].item
        if item not in self._activity_queue:
            self._activity_queue.appendleft(item)

    def _give_back_entity(self, entity_id: str) -> None:
        entity = self._entities[entity_id]
        entity.pending_operations[:0] = entity.dispatched_operations
        entity.dispatched_operations = []
        entity.completion_token = self._new_token()
        self._entity_in_flight.discard(entity_id)
        self._enqueue_entity(entity_id)

    def _new_token(self) -> int:
        self._next_completion_token += 1
        return self._next_completion_token - 1

    @override
    def _process_schedule_task_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        super()._process_schedule_task_action(instance, action)
        item = self._activity_queue[-1]
        # The stock token is that of the whole turn; each activity needs its own to be answered once.
        item.completion_token = self._new_token()
        self._activities[str(item.completion_token)] = Activity(item, self._executions[instance.instance_id])
        self._work.notify_all()

    @override
    def CompleteOrchestratorTask(
        self, request: pb.OrchestratorResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Take the answer to a turn, if it was not given to somebody else meanwhile."""
        with self._work:
            instance = self._instances.get(request.instanceId)
            if instance is None or not self._is_expected(instance, request.completionToken):
                LOGGER.warning("An outdated answer of the orchestration '%s' was ignored.", request.instanceId)
                return pb.CompleteTaskResponse()
            self._handed_out.take_back(Item(Kind.ORCHESTRATION, request.instanceId))
            if len(instance.history) + len(instance.dispatched_events) > self._history_limit:
                del request.actions[:]
                request.actions.append(_history_too_long(self._history_limit))
            self._work.notify_all()
            return super().CompleteOrchestratorTask(request, context)

    def _is_expected(self, instance: OrchestrationInstance, token: str) -> bool:
        return str(instance.completion_token) == token and instance.instance_id in self._orchestration_in_flight

    @override
    def CompleteActivityTask(
        self, request: pb.ActivityResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Take the first answer to an activity; a second one, or one that nobody waits for any more, is ignored."""
        with self._work:
            self._handed_out.take_back(Item(Kind.ACTIVITY, request.completionToken))
            self._work.notify_all()
            activity = self._activities.pop(request.completionToken, None)
            if activity is None or not self._waiting(activity.item.instance_id, activity.execution):
                LOGGER.warning("An answer to an activity of '%s' was ignored.", request.instanceId)
                return pb.CompleteTaskResponse()
            if request.HasField("failureDetails") and not request.failureDetails.errorMessage:
                # Without a message the stock engine takes a failure for a success.
                request.failureDetails.errorMessage = request.failureDetails.errorType or "The activity failed."
            return super().CompleteActivityTask(request, context)

    @override
    def CompleteEntityTask(
        self, request: pb.EntityBatchResult, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Take the answer to a batch of operations, if it was not given to somebody else meanwhile."""
        with self._work:
            entity = self._entity_of(request.completionToken)
            if entity is None:
                LOGGER.warning("An outdated answer of an entity was ignored.")
                return pb.CompleteTaskResponse()
            self._handed_out.take_back(Item(Kind.ENTITY, entity.instance_id))
            self._work.notify_all()
            return super().CompleteEntityTask(request, context)

    def _entity_of(self, token: str) -> EntityState | None:
        in_flight = (self._entities.get(entity_id) for entity_id in self._entity_in_flight)
        return next((entity for entity in in_flight if entity and str(entity.completion_token) == token), None)

    @override
    def AbandonTaskOrchestratorWorkItem(
        self, request: pb.AbandonOrchestrationTaskRequest, context: grpc.ServicerContext
    ) -> pb.AbandonOrchestrationTaskResponse:
        """Give a turn to another worker."""
        with self._work:
            for instance_id in [*self._orchestration_in_flight]:
                if self._is_expected(self._instances[instance_id], request.completionToken):
                    self._handed_out.take_back(Item(Kind.ORCHESTRATION, instance_id))
                    self._give_back_orchestration(instance_id)
        return pb.AbandonOrchestrationTaskResponse()

    @override
    def AbandonTaskActivityWorkItem(
        self, request: pb.AbandonActivityTaskRequest, context: grpc.ServicerContext
    ) -> pb.AbandonActivityTaskResponse:
        """Give an activity to another worker."""
        with self._work:
            if request.completionToken in self._activities:
                self._handed_out.take_back(Item(Kind.ACTIVITY, request.completionToken))
                self._give_back_activity(request.completionToken)
                self._work.notify_all()
        return pb.AbandonActivityTaskResponse()

    @override
    def AbandonTaskEntityWorkItem(
        self, request: pb.AbandonEntityTaskRequest, context: grpc.ServicerContext
    ) -> pb.AbandonEntityTaskResponse:
        """Give a batch of operations to another worker."""
        with self._work:
            if entity := self._entity_of(request.completionToken):
                self._handed_out.take_back(Item(Kind.ENTITY, entity.instance_id))
                self._give_back_entity(entity.instance_id)
        return pb.AbandonEntityTaskResponse()


def _history_too_long(limit: int) -> pb.OrchestratorAction:
    details = pb.TaskFailureDetails(
        errorType="HistoryTooLong",
        errorMessage=f"The history has more than {limit} events; continue as new before that.",
    )
    failed = pb.CompleteOrchestrationAction(orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED, failureDetails=details)
    return pb.OrchestratorAction(id=-1, completeOrchestration=failed)
