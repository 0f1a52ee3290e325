"""The durable backend, asked by its own protocol: what the stock engine gets wrong."""

from datetime import timedelta

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
import pytest
from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityInstanceId

from local.durable_backend.control import advance_clock
from tests.functions_host.hand_worker import (
    activity,
    completed,
    continued,
    kinds,
    sub_orchestration,
    terminated,
    timer,
)

SECONDS = 10


def outcome(client, instance_id):
    return client.wait_for_orchestration_completion(instance_id, timeout=SECONDS)


def started(client, hire, instance_id="one"):
    """Start an orchestration; return a worker and its first turn."""
    worker = hire()
    client.schedule_new_orchestration("orchestration", instance_id=instance_id)
    return worker, worker.take()


def in_an_hour(backend):
    return backend.engine.timers.now() + timedelta(hours=1)


def test_a_timer_fires_when_the_clock_jumps_and_the_turn_begins_at_that_time(backend, client, hire):
    worker, turn = started(client, hire)
    fire_at = in_an_hour(backend)
    worker.answer(turn, timer(1, fire_at))
    advance_clock(backend.address, timedelta(hours=1))
    turn = worker.take()
    assert kinds(turn) == ["orchestratorStarted", "timerFired"]
    assert turn.orchestratorRequest.newEvents[0].timestamp.ToDatetime() >= fire_at.replace(tzinfo=None)


def test_timers_fire_in_their_order_whatever_the_order_in_which_they_were_set(backend, client, hire):
    worker, turn = started(client, hire)
    first = in_an_hour(backend)
    worker.answer(turn, timer(1, first + timedelta(minutes=1)), timer(2, first))
    advance_clock(backend.address, timedelta(hours=2))
    fired = []
    while len(fired) < 2:
        turn = worker.take()
        events = turn.orchestratorRequest.newEvents
        fired += [event.timerFired.timerId for event in events if event.HasField("timerFired")]
        worker.answer(turn)
    assert fired == [2, 1]


def test_a_sub_orchestration_that_takes_days_answers_its_parent(backend, client, hire):
    worker, parent = started(client, hire)
    worker.answer(parent, sub_orchestration(1, "child"))
    child = worker.take()
    started_event = child.orchestratorRequest.newEvents[1].executionStarted
    assert started_event.parentInstance.orchestrationInstance.instanceId == "one"
    worker.answer(child, timer(1, backend.engine.timers.now() + timedelta(days=2)))
    advance_clock(backend.address, timedelta(days=3))
    worker.answer(worker.take(), completed('"late"'))
    parent = worker.take()
    assert kinds(parent) == ["orchestratorStarted", "subOrchestrationInstanceCompleted"]
    worker.answer(parent, completed())
    assert outcome(client, "one").runtime_status is OrchestrationStatus.COMPLETED


def test_a_failed_sub_orchestration_tells_its_parent_why(backend, client, hire):
    worker, parent = started(client, hire)
    worker.answer(parent, sub_orchestration(1, "child"))
    failed = completed()
    failed.completeOrchestration.orchestrationStatus = pb.ORCHESTRATION_STATUS_FAILED
    failed.completeOrchestration.failureDetails.errorType = "QuotaExceeded"
    failed.completeOrchestration.failureDetails.errorMessage = "No cores are left."
    worker.answer(worker.take(), failed)
    event = worker.take().orchestratorRequest.newEvents[-1].subOrchestrationInstanceFailed
    assert (event.failureDetails.errorType, event.failureDetails.errorMessage) == (
        "QuotaExceeded",
        "No cores are left.",
    )


def test_what_a_dead_worker_had_is_given_to_another(client, hire):
    worker, turn = started(client, hire)
    worker.dies()
    other = hire()
    again = other.take()
    assert again.orchestratorRequest.instanceId == "one"
    assert again.completionToken != turn.completionToken
    assert kinds(again) == ["orchestratorStarted", "executionStarted"]
    other.answer(again, activity(1))
    had = other.take()
    other.dies()
    third = hire()
    assert third.take().activityRequest.taskId == had.activityRequest.taskId


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


def test_a_turn_that_is_answered_late_by_its_first_worker_does_not_count(client, hire):
    worker, turn = started(client, hire)
    other = hire()
    worker.dies()
    again = other.take()
    late = hire()
    late.answer(turn, completed('"late"'))
    other.answer(again, completed('"right"'))
    assert outcome(client, "one").serialized_output == '"right"'


def test_an_activity_that_is_answered_twice_counts_once(client, hire):
    worker, turn = started(client, hire)
    worker.answer(turn, activity(1), activity(2))
    first, second = worker.take(), worker.take()
    worker.answer_activity(first, '"one"')
    worker.answer_activity(first, '"again"')
    worker.answer_activity(second, '"two"')
    results = []
    while len(results) < 2:
        turn = worker.take()
        events = [event for event in turn.orchestratorRequest.newEvents if event.HasField("taskCompleted")]
        results += [event.taskCompleted.result.value for event in events]
        worker.answer(turn)
    assert results == ['"one"', '"two"']


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


def test_answers_to_an_earlier_execution_do_not_reach_the_next_one(backend, client, hire):
    worker, turn = started(client, hire)
    fire_at = in_an_hour(backend)
    worker.answer(turn, activity(1), timer(2, fire_at))
    late = worker.take()
    client.raise_orchestration_event("one", "go")
    worker.answer(worker.take(), continued())
    turn = worker.take()
    assert kinds(turn) == ["orchestratorStarted", "executionStarted"]
    worker.answer_activity(late)
    advance_clock(backend.address, timedelta(hours=2))
    worker.answer(turn)
    client.raise_orchestration_event("one", "fence")
    assert kinds(worker.take()) == ["orchestratorStarted", "eventRaised"]


def test_an_event_that_arrives_during_the_last_turn_of_an_execution_reaches_the_next_one(client, hire):
    worker, turn = started(client, hire)
    client.raise_orchestration_event("one", "go")
    carried = pb.HistoryEvent(eventId=-1, eventRaised=pb.EventRaisedEvent(name="earlier"))
    worker.answer(turn, continued([carried]))
    events = worker.take().orchestratorRequest.newEvents
    assert [event.eventRaised.name for event in events if event.HasField("eventRaised")] == ["earlier", "go"]


def test_a_termination_reaches_the_sub_orchestrations(client, hire):
    worker, parent = started(client, hire)
    worker.answer(parent, sub_orchestration(1, "child"))
    worker.answer(worker.take(), sub_orchestration(1, "grandchild"))
    worker.answer(worker.take())
    client.terminate_orchestration("one", recursive=True)
    for expected in ("one", "child", "grandchild"):
        turn = worker.take()
        assert (turn.orchestratorRequest.instanceId, kinds(turn)[-1]) == (expected, "executionTerminated")
        worker.answer(turn, terminated())
    states = client.get_all_orchestration_states()
    assert {state.runtime_status for state in states} == {OrchestrationStatus.TERMINATED}


def test_a_termination_leaves_the_sub_orchestrations_alone_where_that_was_asked(client, hire):
    worker, parent = started(client, hire)
    worker.answer(parent, sub_orchestration(1, "child"))
    worker.answer(worker.take())
    client.terminate_orchestration("one", recursive=False)
    worker.answer(worker.take(), terminated())
    client.raise_orchestration_event("child", "fence")
    assert kinds(worker.take())[-1] == "eventRaised"


def test_an_id_that_runs_cannot_be_started_and_one_that_has_finished_can(client, hire):
    worker, turn = started(client, hire)
    with pytest.raises(grpc.RpcError) as refused:
        client.schedule_new_orchestration("orchestration", instance_id="one")
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
    worker.answer(turn, completed())
    outcome(client, "one")
    client.schedule_new_orchestration("orchestration", instance_id="one")
    assert not worker.take().orchestratorRequest.pastEvents


def test_timers_of_a_finished_instance_do_not_fire_in_the_next_one_with_its_id(backend, client, hire):
    worker, turn = started(client, hire)
    worker.answer(turn, timer(1, in_an_hour(backend)), completed())
    outcome(client, "one")
    client.schedule_new_orchestration("orchestration", instance_id="one")
    worker.answer(worker.take())
    advance_clock(backend.address, timedelta(hours=2))
    client.raise_orchestration_event("one", "fence")
    assert kinds(worker.take()) == ["orchestratorStarted", "eventRaised"]


def test_an_orchestration_that_is_scheduled_for_later_starts_then(backend, client, hire):
    worker = hire()
    client.schedule_new_orchestration("later", instance_id="later", start_at=in_an_hour(backend))
    client.schedule_new_orchestration("fence", instance_id="fence")
    assert worker.take().orchestratorRequest.instanceId == "fence"
    advance_clock(backend.address, timedelta(hours=2))
    assert worker.take().orchestratorRequest.instanceId == "later"


def test_every_event_of_a_history_has_its_time(backend, client, hire):
    began = backend.engine.timers.now()
    worker, turn = started(client, hire)
    worker.answer(turn, activity(1))
    worker.answer_activity(worker.take())
    worker.answer(worker.take(), completed())
    outcome(client, "one")
    history = client.get_orchestration_history("one")
    assert len(history) == 8
    assert all(began <= event.timestamp <= backend.engine.timers.now() for event in history)


def test_a_history_that_grows_too_long_fails_the_orchestration(client, hire):
    worker, turn = started(client, hire)
    worker.answer(turn, *(activity(number) for number in range(1, 60)))
    worker.answer_activity(worker.take())
    while not (item := worker.take()).HasField("orchestratorRequest"):
        pass
    worker.answer(item)
    state = outcome(client, "one")
    assert state.runtime_status is OrchestrationStatus.FAILED
    assert "50 events" in state.failure_details.message


def test_two_workers_get_no_more_than_they_asked_for(client, hire):
    first = hire(maxConcurrentOrchestrationWorkItems=1)
    client.schedule_new_orchestration("orchestration", instance_id="one")
    client.schedule_new_orchestration("orchestration", instance_id="two")
    turn = first.take()
    second = hire(maxConcurrentOrchestrationWorkItems=1)
    other = second.take()
    assert {turn.orchestratorRequest.instanceId, other.orchestratorRequest.instanceId} == {"one", "two"}
    client.schedule_new_orchestration("orchestration", instance_id="three")
    second.answer(other)
    assert second.take().orchestratorRequest.instanceId == "three"


def test_a_worker_that_drains_answers_what_it_has_and_gets_nothing_more(client, hire):
    worker, turn = started(client, hire)
    other = hire()
    worker.drains()
    worker.answer(turn, activity(1))
    assert other.take().activityRequest.name == "act"


def test_an_operation_of_an_entity_is_given_again_and_applied_once(client, hire):
    counter = EntityInstanceId("counter", "one")
    worker = hire()
    client.signal_entity(counter, "add", input=1)
    had = worker.take()
    worker.dies()
    other = hire()
    again = other.take()
    hire().answer_entity(had, "1")
    assert not client.get_entity(counter).get_state()
    other.answer_entity(again, "2")
    assert client.get_entity(counter).get_state() == "2"


def test_purging_an_instance_purges_its_sub_orchestrations(client, hire):
    worker, parent = started(client, hire)
    worker.answer(parent, sub_orchestration(1, "child"))
    worker.answer(worker.take(), completed())
    worker.answer(worker.take(), completed())
    outcome(client, "one")
    assert client.purge_orchestration("one").deleted_instance_count == 2
    assert client.get_all_orchestration_states() == []
