import threading
from collections import Counter

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask import task
from durabletask.entities import EntityInstanceId

from local.durable_backend.control import DRAIN
from tests.durable_backend.peers import (
    SECONDS,
    DyingWorker,
    complete,
    completed,
    events_of,
    eventually,
    schedule,
)


def work(_, number):
    return f"worked on {number}"


def run(ctx, number):
    return (yield ctx.call_activity(work, input=number))


def test_an_activity_of_a_worker_that_died_is_given_again_and_answered_once(client, start_worker, dying_worker):
    instance = client.schedule_new_orchestration("run", input=1)
    dying_worker.answer_turn(dying_worker.take(), schedule("work"))
    lost = dying_worker.take()
    dying_worker.die()
    start_worker(run, work)
    assert completed(client, instance) == "worked on None"
    history = events_of(client, instance)
    dying_worker.answer_activity(lost, '"from the dead"')
    assert events_of(client, instance) == history
    assert history.count("TaskCompleted") == 1


def test_an_answer_that_comes_twice_counts_once(client, dying_worker):
    instance = client.schedule_new_orchestration("run")
    dying_worker.answer_turn(dying_worker.take(), schedule("work", 1), schedule("work", 2))
    first = dying_worker.take()
    dying_worker.answer_activity(first, '"once"')
    dying_worker.answer_activity(first, '"twice"')
    second, turn = sorted((dying_worker.take(), dying_worker.take()), key=lambda item: item.WhichOneof("request"))
    dying_worker.answer_turn(turn)
    dying_worker.answer_activity(second, '"other"')
    dying_worker.answer_turn(dying_worker.take(), complete('"end"'))
    completed(client, instance)
    assert events_of(client, instance).count("TaskCompleted") == 2


def test_a_turn_of_a_worker_that_died_is_given_again_and_its_late_answer_ignored(
    client, start_worker, stub, dying_worker
):
    instance = client.schedule_new_orchestration("run", input=1)
    lost = dying_worker.take()
    dying_worker.die()
    second = DyingWorker(stub)
    assert second.take().completionToken != lost.completionToken
    dying_worker.answer_turn(lost, complete('"from the dead"'))
    second.die()
    start_worker(run, work)
    assert completed(client, instance) == "worked on 1"


def test_operations_of_an_entity_survive_their_worker(client, start_worker, dying_worker):
    def counter(entity, _):
        entity.set_state((entity.get_state(int) or 0) + 1)

    entity = EntityInstanceId("counter", "one")
    client.signal_entity(entity, "add")
    dying_worker.take()
    client.signal_entity(entity, "add")
    dying_worker.die()
    start_worker(counter)
    eventually(lambda: client.get_entity(entity).get_state(), lambda state: state == "2")


def test_two_workers_run_each_of_200_activities_once(client, start_worker):
    runs: Counter[int] = Counter()

    def count(_, number):
        runs[number] += 1

    def fan_out(ctx, count_of_them):
        yield task.when_all([ctx.call_activity(count, input=number) for number in range(count_of_them)])

    start_worker(fan_out, count)
    start_worker(fan_out, count)
    completed(client, client.schedule_new_orchestration(fan_out, input=200))
    assert runs == Counter(range(200))


def test_64_workers_are_served_and_a_client_beside_them(client, stub):
    for number in range(64):
        client.schedule_new_orchestration("run", instance_id=str(number))
    one_each = pb.GetWorkItemsRequest(maxConcurrentOrchestrationWorkItems=1)
    streams = [stub.GetWorkItems(one_each, timeout=SECONDS) for _ in range(64)]
    served = {next(stream).orchestratorRequest.instanceId for stream in streams}
    assert len(served) == 64
    assert client.get_orchestration_state("0") is not None
    for stream in streams:
        stream.cancel()


def test_a_worker_gets_no_more_at_a_time_than_it_asked_for(client, stub):
    for number in range(2):
        client.schedule_new_orchestration("run", instance_id=str(number))
    one_at_a_time = stub.GetWorkItems(pb.GetWorkItemsRequest(maxConcurrentOrchestrationWorkItems=1), timeout=SECONDS)
    first = next(one_at_a_time)
    unlimited = DyingWorker(stub)
    second = unlimited.take()
    assert {item.orchestratorRequest.instanceId for item in (first, second)} == {"0", "1"}
    one_at_a_time.cancel()
    unlimited.die()


def test_a_draining_worker_gets_nothing_more_but_is_still_listened_to(backend, client, stub):
    leaving = stub.GetWorkItems(pb.GetWorkItemsRequest(worker_instance_id="leaving"), timeout=SECONDS)
    instance = client.schedule_new_orchestration("run")
    turn = next(leaving)
    with grpc.insecure_channel(backend.address) as channel:
        channel.unary_unary(DRAIN)(b"\n\x07leaving")
    staying = DyingWorker(stub)
    staying.answer_turn(turn, schedule("work"))
    assert staying.take().activityRequest.name == "work"
    assert events_of(client, instance).count("TaskScheduled") == 1
    leaving.cancel()
    staying.die()


def test_a_worker_that_gives_up_an_activity_twice_gets_it_once(client, dying_worker, stub):
    client.schedule_new_orchestration("run")
    dying_worker.answer_turn(dying_worker.take(), schedule("work"))
    item = dying_worker.take()
    dying_worker.die()
    for _ in range(2):
        stub.AbandonTaskActivityWorkItem(pb.AbandonActivityTaskRequest(completionToken=item.completionToken))
    other = DyingWorker(stub)
    assert other.take().completionToken == item.completionToken
    client.schedule_new_orchestration("run", instance_id="next")
    assert other.take().orchestratorRequest.instanceId == "next"
    other.die()


def test_a_worker_works_on_activities_side_by_side(client, start_worker):
    together = threading.Barrier(4, timeout=SECONDS)

    def meet(_, __):
        together.wait()

    def fan_out(ctx, _):
        yield task.when_all([ctx.call_activity(meet) for _ in range(4)])

    start_worker(fan_out, meet)
    completed(client, client.schedule_new_orchestration(fan_out))


def test_a_signal_to_a_malformed_entity_id_does_not_stop_the_workers(client, stub):
    stub.SignalEntity(pb.SignalEntityRequest(instanceId="nobody", name="add"))
    worker = DyingWorker(stub)
    assert worker.take().entityRequestV2.instanceId == "nobody"
    client.schedule_new_orchestration("run", instance_id="next")
    assert worker.take().orchestratorRequest.instanceId == "next"
    worker.die()
