from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
import pytest
from durabletask.client import OrchestrationQuery, OrchestrationStatus

from tests.durable_backend.peers import (
    SECONDS,
    complete,
    completed,
    events_of,
    eventually,
    finished,
    schedule,
    status_of,
)

ENDS = {
    "COMPLETED": pb.ORCHESTRATION_STATUS_COMPLETED,
    "FAILED": pb.ORCHESTRATION_STATUS_FAILED,
    "TERMINATED": pb.ORCHESTRATION_STATUS_TERMINATED,
    "CANCELED": pb.ORCHESTRATION_STATUS_CANCELED,
}


def echo(ctx, value):
    return value


def wait_for_end(ctx, _):
    return (yield ctx.wait_for_external_event("end"))


def is_refused(call) -> bool:
    try:
        call()
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.ALREADY_EXISTS
    return False


def test_the_id_of_an_instance_that_runs_is_taken(client, start_worker):
    start_worker(wait_for_end)
    client.schedule_new_orchestration(wait_for_end, instance_id="one")
    assert is_refused(lambda: client.schedule_new_orchestration(wait_for_end, instance_id="one"))
    eventually(lambda: status_of(client, "one"), lambda status: status == "RUNNING")
    assert is_refused(lambda: client.schedule_new_orchestration(wait_for_end, instance_id="one"))


@pytest.mark.parametrize("end", ENDS)
def test_the_id_of_a_finished_instance_can_be_used_again(client, start_worker, dying_worker, stub, end):
    client.schedule_new_orchestration("echo", instance_id="one")
    dying_worker.answer_turn(dying_worker.take(), complete('"first"', ENDS[end]))
    # The client library has no name for a canceled instance.
    instance = stub.GetInstance(pb.GetInstanceRequest(instanceId="one"))
    assert instance.orchestrationState.orchestrationStatus == ENDS[end]
    dying_worker.die()
    start_worker(echo)
    client.schedule_new_orchestration("echo", instance_id="one", input="second")
    assert completed(client, "one") == "second"


def test_a_policy_of_the_caller_is_kept(client, start_worker):
    start_worker(echo)
    completed(client, client.schedule_new_orchestration(echo, instance_id="one"))
    only_failed = pb.OrchestrationIdReusePolicy(replaceableStatus=[pb.ORCHESTRATION_STATUS_FAILED])
    assert is_refused(lambda: client.schedule_new_orchestration(echo, instance_id="one", reuse_id_policy=only_failed))


def test_of_many_that_start_one_id_at_the_same_time_one_wins(client, start_worker):
    start_worker(wait_for_end)
    with ThreadPoolExecutor(16) as pool:
        starts = [
            pool.submit(is_refused, lambda: client.schedule_new_orchestration(wait_for_end, instance_id="one"))
            for _ in range(16)
        ]
    assert [start.result() for start in starts].count(False) == 1


def test_an_instance_that_runs_can_be_replaced_where_the_policy_says_so(client, start_worker, dying_worker):
    client.schedule_new_orchestration("echo", instance_id="one", input="first")
    outdated = dying_worker.take()
    any_state = pb.OrchestrationIdReusePolicy(replaceableStatus=[pb.ORCHESTRATION_STATUS_PENDING])
    client.schedule_new_orchestration("echo", instance_id="one", input="second", reuse_id_policy=any_state)
    dying_worker.answer_turn(outdated, complete('"first"'))
    turn = dying_worker.take()
    dying_worker.answer_turn(turn, complete('"second"'))
    assert completed(client, "one") == "second"


@pytest.mark.parametrize("answered", ["before", "after"])
def test_an_answer_to_an_earlier_execution_never_reaches_a_later_one(client, dying_worker, answered):
    client.schedule_new_orchestration("run", instance_id="one")
    dying_worker.answer_turn(dying_worker.take(), schedule("work"))
    activity = dying_worker.take()
    client.terminate_orchestration("one")
    dying_worker.answer_turn(dying_worker.take(), complete("", pb.ORCHESTRATION_STATUS_TERMINATED))
    if answered == "before":
        dying_worker.answer_activity(activity, '"outdated"')
    client.schedule_new_orchestration("run", instance_id="one")
    turn = dying_worker.take()
    if answered == "after":
        dying_worker.answer_activity(activity, '"outdated"')
    dying_worker.answer_turn(turn, complete('"end"'))
    completed(client, "one")
    assert "TaskCompleted" not in events_of(client, "one")


def test_a_timer_of_an_execution_that_continued_as_new_is_forgotten(backend, client, start_worker):
    def restart(ctx, number):
        if number == 0:
            ctx.create_timer(timedelta(hours=1))
            yield ctx.wait_for_external_event("go on")
            ctx.continue_as_new(1)
        else:
            yield ctx.wait_for_external_event("end")

    start_worker(restart)
    instance = client.schedule_new_orchestration(restart, input=0)
    eventually(lambda: events_of(client, instance), lambda events: "TimerCreated" in events)
    client.raise_orchestration_event(instance, "go on")
    eventually(lambda: events_of(client, instance), lambda events: events and "TimerCreated" not in events)
    backend.engine.timers.advance(timedelta(hours=1))
    client.raise_orchestration_event(instance, "end")
    completed(client, instance)
    assert "TimerFired" not in events_of(client, instance)


def test_instances_can_be_listed_by_state_page_by_page(client, start_worker):
    start_worker(echo, wait_for_end)
    ids = {client.schedule_new_orchestration(echo, input=number) for number in range(7)}
    client.schedule_new_orchestration(wait_for_end)
    for instance in ids:
        completed(client, instance)
    query = OrchestrationQuery(runtime_status=[OrchestrationStatus.COMPLETED], max_instance_count=3)
    assert sorted(state.instance_id for state in client.get_all_orchestration_states(query)) == sorted(ids)
    page = client.list_instance_ids(page_size=4)
    rest = client.list_instance_ids(page_size=4, continuation_token=page.continuation_token)
    assert (len(page.items), len(rest.items)) == (4, 3)
    assert {*page.items, *rest.items} == ids


def test_a_finished_instance_can_be_restarted_and_purged(client, start_worker):
    start_worker(echo)
    first = client.schedule_new_orchestration(echo, input="again")
    completed(client, first)
    second = client.restart_orchestration(first, restart_with_new_instance_id=True)
    assert completed(client, second) == "again"
    assert client.restart_orchestration(first) == first
    assert completed(client, first) == "again"
    client.purge_orchestration(first)
    assert status_of(client, first) == "ABSENT"


def test_a_failed_instance_can_be_rewound(client, start_worker):
    failures = [ValueError("not yet")]

    def work(_, __):
        if failures:
            raise failures.pop()
        return "worked"

    def run(ctx, _):
        return (yield ctx.call_activity(work))

    start_worker(run, work)
    instance = client.schedule_new_orchestration(run)
    assert finished(client, instance).runtime_status.name == "FAILED"
    client.rewind_orchestration(instance)
    assert completed(client, instance) == "worked"


def test_a_suspended_instance_goes_on_when_it_is_resumed(client, start_worker):
    start_worker(wait_for_end)
    instance = client.schedule_new_orchestration(wait_for_end)
    client.suspend_orchestration(instance)
    eventually(lambda: status_of(client, instance), lambda status: status == "SUSPENDED")
    client.raise_orchestration_event(instance, "end", data="ended")
    client.resume_orchestration(instance)
    assert completed(client, instance) == "ended"


def test_a_client_may_wait_without_a_deadline(client, start_worker, stub):
    start_worker(wait_for_end)
    client.schedule_new_orchestration(wait_for_end, instance_id="one")
    waiting = stub.WaitForInstanceCompletion.future(pb.GetInstanceRequest(instanceId="one"))
    eventually(lambda: status_of(client, "one"), lambda status: status == "RUNNING")
    client.raise_orchestration_event("one", "end")
    assert waiting.result(SECONDS).exists
