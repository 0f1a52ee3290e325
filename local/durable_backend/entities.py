"""Entities of the engine: what is locked by an orchestration waits for it, and a lock ends with its holder at last."""

from typing import override

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.testing.in_memory_backend import EntityState, OrchestrationInstance, PendingLockRequest

from local.durable_backend.engine import Engine
from local.durable_backend.kept_histories import KeptHistories


class EntityEngine(Engine):
    """Adds to the stock engine that a lock holds off the operations of everybody else."""

    def __init__(self, histories: KeptHistories | None = None) -> None:
        super().__init__(histories)
        # Critical section -> instance that is in it.
        self._lock_holders: dict[str, str] = {}

    def _operations_of(self, entity: EntityState) -> list[pb.HistoryEvent]:
        """Take the operations that may run now; while the entity is locked, only those of the lock's holder."""
        holder = self._lock_holders.get(entity.locked_by) if entity.locked_by else None
        runnable = [event for event in entity.pending_operations if holder is None or _is_called_by(holder, event)]
        entity.pending_operations = [event for event in entity.pending_operations if event not in runnable]
        return runnable

    @override
    def _grant_lock(self, pending: PendingLockRequest) -> None:
        self._lock_holders[pending.critical_section_id] = pending.parent_instance_id
        super()._grant_lock(pending)

    @override
    def _process_send_entity_message_action(
        self, instance: OrchestrationInstance, action: pb.OrchestratorAction
    ) -> None:
        super()._process_send_entity_message_action(instance, action)
        if action.sendEntityMessage.HasField("entityUnlockSent"):
            self._enqueue_waiting_entities()

    @override
    def _notify_waiters(self, instance_id: str) -> None:
        super()._notify_waiters(instance_id)
        if self._is_finished(self._instances[instance_id]):
            self._release_locks(instance_id)

    def _release_locks(self, instance_id: str) -> None:
        """End what an instance that has finished, or was terminated, left locked or still waits for."""
        sections = {section for section, holder in self._lock_holders.items() if holder == instance_id}
        for section in sections:
            del self._lock_holders[section]
        self._pending_lock_requests = [
            request for request in self._pending_lock_requests if request.parent_instance_id != instance_id
        ]
        locked = [entity for entity in self._entities.values() if entity.locked_by in sections]
        for entity in locked:
            entity.locked_by = None
        if locked:
            self._try_grant_pending_locks()
            self._enqueue_waiting_entities()

    def _enqueue_waiting_entities(self) -> None:
        for entity in self._entities.values():
            if entity.pending_operations:
                self._enqueue_entity(entity.instance_id)


def _is_called_by(instance_id: str, event: pb.HistoryEvent) -> bool:
    return event.HasField("entityOperationCalled") and event.entityOperationCalled.parentInstanceId.value == instance_id
