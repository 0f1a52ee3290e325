"""Answers that come late, twice, or at a moment that no worker of durabletask would meet."""

import durabletask.internal.orchestrator_service_pb2 as pb

from tests.durable_backend.peers import DyingWorker, complete, completed, schedule


def new_events(item):
    return [event.WhichOneof("eventType") for event in item.orchestratorRequest.newEvents]


def test_an_answer_that_a_worker_sent_before_it_died_is_given_to_another(client, stub, dying_worker):
    instance = client.schedule_new_orchestration("run")
    dying_worker.answer_turn(dying_worker.take(), schedule("work"))
    dying_worker.answer_activity(dying_worker.take(), '"done"')
    dying_worker.take()
    dying_worker.die()
    other = DyingWorker(stub)
    turn = other.take()
    assert new_events(turn) == ["orchestratorStarted", "taskCompleted"]
    other.answer_turn(turn, complete('"end"'))
    assert completed(client, instance) == "end"
    other.die()


def test_a_turn_that_is_answered_twice_counts_once(client, dying_worker):
    client.schedule_new_orchestration("run")
    turn = dying_worker.take()
    dying_worker.answer_turn(turn, schedule("work"))
    dying_worker.answer_turn(turn, schedule("work"))
    dying_worker.answer_activity(dying_worker.take(), '"done"')
    past = dying_worker.take().orchestratorRequest.pastEvents
    assert [event.HasField("taskScheduled") for event in past].count(True) == 1


def test_an_activity_that_fails_without_a_message_is_a_failure(client, dying_worker):
    client.schedule_new_orchestration("run")
    dying_worker.answer_turn(dying_worker.take(), schedule("work"))
    dying_worker.fail_activity(dying_worker.take(), pb.TaskFailureDetails(errorType="KeyError"))
    assert new_events(dying_worker.take())[-1] == "taskFailed"


def test_an_event_that_arrives_in_the_last_turn_of_an_execution_reaches_the_next_one(client, dying_worker):
    client.schedule_new_orchestration("run", instance_id="one")
    turn = dying_worker.take()
    client.raise_orchestration_event("one", "later")
    carried = pb.HistoryEvent(eventId=-1, eventRaised=pb.EventRaisedEvent(name="earlier"))
    again = complete("null", pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW)
    again.completeOrchestration.carryoverEvents.append(carried)
    dying_worker.answer_turn(turn, again)
    events = dying_worker.take().orchestratorRequest.newEvents
    assert [event.eventRaised.name for event in events if event.HasField("eventRaised")] == ["earlier", "later"]
