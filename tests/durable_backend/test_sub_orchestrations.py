import threading
from datetime import timedelta

import durabletask.internal.orchestrator_service_pb2 as pb
import pytest
from durabletask import task

from tests.durable_backend.peers import completed, events_of, eventually, finished, status_of


def child(ctx, days):
    yield ctx.create_timer(timedelta(days=days))
    return f"{days} days"


def parent(ctx, days):
    return (yield ctx.call_sub_orchestrator(child, input=days, instance_id=f"{ctx.instance_id}-child"))


def grandparent(ctx, days):
    return (yield ctx.call_sub_orchestrator(parent, input=days, instance_id=f"{ctx.instance_id}-parent"))


def test_a_parent_hears_of_a_sub_orchestration_that_took_days(backend, client, start_worker):
    start_worker(parent, child)
    instance = client.schedule_new_orchestration(parent, input=3)
    eventually(lambda: status_of(client, f"{instance}-child"), lambda status: status != "ABSENT")
    eventually(lambda: events_of(client, f"{instance}-child"), lambda events: "TimerCreated" in events)
    backend.engine.timers.advance(timedelta(days=3))
    assert completed(client, instance) == "3 days"


def test_sub_orchestrations_that_are_waited_for_need_no_threads(client, start_worker):
    def fan_out(ctx, count):
        yield task.when_all([ctx.call_sub_orchestrator(child, input=1) for _ in range(count)])

    start_worker(fan_out, child)
    instance = client.schedule_new_orchestration(fan_out, input=200)
    eventually(lambda: events_of(client, instance).count("SubOrchestrationInstanceCreated"), lambda count: count == 200)
    assert threading.active_count() < 200


def test_a_termination_reaches_all_generations(client, start_worker):
    start_worker(grandparent, parent, child)
    instance = client.schedule_new_orchestration(grandparent, input=3)
    generations = [instance, f"{instance}-parent", f"{instance}-parent-child"]
    eventually(lambda: status_of(client, generations[-1]), lambda status: status == "RUNNING")
    client.terminate_orchestration(instance, output="stopped", recursive=True)
    assert [finished(client, generation).runtime_status.name for generation in generations] == ["TERMINATED"] * 3
    assert [finished(client, generation).get_output() for generation in generations] == ["stopped"] * 3


def test_a_termination_that_is_not_recursive_leaves_the_children_alone(backend, client, start_worker):
    start_worker(parent, child)
    instance = client.schedule_new_orchestration(parent, input=3)
    eventually(lambda: status_of(client, f"{instance}-child"), lambda status: status == "RUNNING")
    client.terminate_orchestration(instance, recursive=False)
    finished(client, instance)
    backend.engine.timers.advance(timedelta(days=3))
    completed(client, f"{instance}-child")


@pytest.mark.parametrize("recursive", [True, False])
def test_a_purge_takes_the_children_along_where_it_is_recursive(client, start_worker, recursive):
    start_worker(parent, child)
    instance = client.schedule_new_orchestration(parent, input=0)
    completed(client, instance)
    assert client.purge_orchestration(instance, recursive=recursive).deleted_instance_count == 1 + recursive
    assert status_of(client, f"{instance}-child") == ("ABSENT" if recursive else "COMPLETED")


def test_the_failure_of_a_sub_orchestration_reaches_its_parent_whole(client, start_worker):
    def fail(ctx, _):
        raise ValueError("the disk is full")

    def call(ctx, _):
        try:
            yield ctx.call_sub_orchestrator(fail)
        except task.TaskFailedError as error:
            return [error.details.error_type, error.details.message]

    start_worker(call, fail)
    output = completed(client, client.schedule_new_orchestration(call))
    assert output == ["builtins.ValueError", "the disk is full"]


def test_a_sub_orchestration_that_continues_as_new_answers_when_it_ends(client, start_worker):
    def count(ctx, number):
        if number < 5:
            ctx.continue_as_new(number + 1)
        return number

    def call(ctx, _):
        return (yield ctx.call_sub_orchestrator(count, input=0))

    start_worker(call, count)
    assert completed(client, client.schedule_new_orchestration(call)) == 5


def test_a_rewound_parent_gets_the_answer_of_a_child_that_finished_after_it_failed(client, start_worker):
    works = threading.Event()

    def check(_, __):
        if not works.is_set():
            raise ValueError("not yet")

    def late(ctx, _):
        yield ctx.wait_for_external_event("end")
        return "late"

    def fan_out(ctx, _):
        answer = ctx.call_sub_orchestrator(late, instance_id=f"{ctx.instance_id}-late")
        yield ctx.call_activity(check)
        return (yield answer)

    start_worker(fan_out, late, check)
    instance = client.schedule_new_orchestration(fan_out)
    assert finished(client, instance).runtime_status.name == "FAILED"
    client.raise_orchestration_event(f"{instance}-late", "end")
    completed(client, f"{instance}-late")
    works.set()
    client.rewind_orchestration(instance)
    assert completed(client, instance) == "late"


def test_a_child_knows_its_parent(client, start_worker, stub):
    start_worker(parent, child)
    instance = client.schedule_new_orchestration(parent, input=0)
    completed(client, instance)
    chunks = stub.StreamInstanceHistory(pb.StreamInstanceHistoryRequest(instanceId=f"{instance}-child"))
    started = next(e.executionStarted for chunk in chunks for e in chunk.events if e.HasField("executionStarted"))
    assert started.parentInstance.orchestrationInstance.instanceId == instance
