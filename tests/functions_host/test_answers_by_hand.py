"""The durable backend, answered by hand: late, twice, or at a moment that no real worker would meet."""

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.client import OrchestrationStatus

from tests.functions_host.hand_worker import (
    activity,
    completed,
    continued,
    kinds,
)

SECONDS = 10


def outcome(client, instance_id):
    return client.wait_for_orchestration_completion(instance_id, timeout=SECONDS)


def started(client, hire, instance_id="one"):
    """Start an orchestration; return a worker and its first turn."""
    worker = hire()
    client.schedule_new_orchestration("orchestration", instance_id=instance_id)
    return worker, worker.take()


def test_an_answer_that_a_dead_worker_had_sent_counts_and_nothing_is_given_again(client, hire):
    worker, turn = started(client, hire)
    worker.answer(turn, activity(1))
    had = worker.take()
    worker.answer_activity(had)
    worker.take()
    worker.dies()
    other = hire()
    turn = other.take()
    assert kinds(turn) == ["orchestratorStarted", "taskCompleted"]
    other.answer(turn, completed())
    assert outcome(client, "one").runtime_status is OrchestrationStatus.COMPLETED


def test_a_turn_that_is_answered_twice_counts_once(client, hire):
    worker, turn = started(client, hire)
    worker.answer(turn, activity(1))
    worker.answer(turn, activity(1))
    worker.answer_activity(worker.take())
    turn = worker.take()
    scheduled = [event for event in turn.orchestratorRequest.pastEvents if event.HasField("taskScheduled")]
    assert len(scheduled) == 1


def test_an_activity_that_fails_without_a_message_is_a_failure(client, hire):
    worker, turn = started(client, hire)
    worker.answer(turn, activity(1))
    worker.answer_activity(worker.take(), failure=pb.TaskFailureDetails(errorType="KeyError"))
    assert kinds(worker.take())[-1] == "taskFailed"


def test_an_event_that_arrives_during_the_last_turn_of_an_execution_reaches_the_next_one(client, hire):
    worker, turn = started(client, hire)
    client.raise_orchestration_event("one", "go")
    carried = pb.HistoryEvent(eventId=-1, eventRaised=pb.EventRaisedEvent(name="earlier"))
    worker.answer(turn, continued([carried]))
    events = worker.take().orchestratorRequest.newEvents
    assert [event.eventRaised.name for event in events if event.HasField("eventRaised")] == ["earlier", "go"]
