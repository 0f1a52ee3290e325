from datetime import UTC, datetime, timedelta

from durabletask import task
from durabletask.client import TaskHubGrpcClient
from durabletask.history import TaskCompletedEvent, TaskScheduledEvent
from durabletask.worker import TaskHubGrpcWorker

from local.durable_backend.server import DurableBackend
from tests.durable_backend.peers import completed, events_of, finished


def test_every_event_tells_when_it_happened(client, start_worker):
    def work(_, __):
        return None

    def child(ctx, _):
        yield ctx.create_timer(timedelta())

    def run(ctx, _):
        yield ctx.call_activity(work)
        yield ctx.call_sub_orchestrator(child)

    start_worker(run, child, work)
    before = datetime.now(UTC)
    instance = client.schedule_new_orchestration(run)
    completed(client, instance)
    times = [event.timestamp.replace(tzinfo=UTC) for event in client.get_orchestration_history(instance)]
    assert len(times) > 10
    assert all(before - timedelta(seconds=1) <= time <= datetime.now(UTC) for time in times)


def test_the_history_tells_how_long_an_activity_took(backend, client, start_worker):
    def work(_, __):
        backend.engine.timers.advance(timedelta(minutes=5))

    def run(ctx, _):
        yield ctx.call_activity(work)

    start_worker(run, work)
    instance = client.schedule_new_orchestration(run)
    completed(client, instance)
    times = {type(event): event.timestamp for event in client.get_orchestration_history(instance)}
    took = times[TaskCompletedEvent] - times[TaskScheduledEvent]
    assert timedelta(minutes=5) <= took < timedelta(minutes=6)


def test_a_long_history_is_told_whole(client, start_worker):
    def wait_often(ctx, _):
        yield task.when_all([ctx.create_timer(timedelta()) for _ in range(500)])

    start_worker(wait_often)
    instance = client.schedule_new_orchestration(wait_often)
    completed(client, instance)
    events = events_of(client, instance)
    assert (events.count("TimerCreated"), events.count("TimerFired")) == (500, 500)
    assert (events[0], events[-1]) == ("OrchestratorStarted", "ExecutionCompleted")


def test_an_orchestration_whose_history_is_too_long_fails_and_says_why():
    def go_on(ctx, _):
        while True:
            yield ctx.create_timer(timedelta())

    backend = DurableBackend(max_history_size=50).start()
    worker = TaskHubGrpcWorker(host_address=backend.address)
    worker.add_orchestrator(go_on)
    worker.start()
    with TaskHubGrpcClient(host_address=backend.address) as client:
        state = finished(client, client.schedule_new_orchestration(go_on))
        assert state.failure_details is not None
        assert "more than 50 events" in state.failure_details.message
    worker.stop()
    backend.stop()
