import threading
from datetime import timedelta

import pytest
from durabletask import task
from durabletask.entities import EntityInstanceId

from tests.durable_backend.peers import completed, events_of, eventually


def wait_for(ctx, hours):
    started = ctx.current_utc_datetime
    yield ctx.create_timer(timedelta(hours=hours))
    return (ctx.current_utc_datetime - started).total_seconds() / 3600


@pytest.mark.parametrize("jump", [timedelta(seconds=31), timedelta(days=3)])
def test_a_jump_of_the_clock_fires_the_timers_that_it_passes(backend, client, start_worker, jump):
    start_worker(wait_for)
    hours = jump / timedelta(hours=1)
    instance = client.schedule_new_orchestration(wait_for, input=hours)
    eventually(lambda: events_of(client, instance), lambda events: "TimerCreated" in events)
    backend.engine.timers.advance(jump)
    assert completed(client, instance) == pytest.approx(hours, abs=0.01)


def test_a_timer_that_is_not_due_after_a_jump_still_waits(backend, client, start_worker):
    start_worker(wait_for)
    soon, late = (client.schedule_new_orchestration(wait_for, input=hours) for hours in (1, 3))
    for instance in (soon, late):
        eventually(lambda instance=instance: events_of(client, instance), lambda events: "TimerCreated" in events)
    backend.engine.timers.advance(timedelta(hours=2))
    completed(client, soon)
    assert "TimerFired" not in events_of(client, late)


def test_timers_fire_in_the_order_of_their_time(backend, client, start_worker):
    def race(ctx, _):
        timers = [ctx.create_timer(timedelta(hours=hours)) for hours in (3, 1, 2)]
        first = yield task.when_any(timers)
        return timers.index(first)

    start_worker(race)
    instance = client.schedule_new_orchestration(race)
    eventually(lambda: events_of(client, instance).count("TimerCreated"), lambda count: count == 3)
    backend.engine.timers.advance(timedelta(hours=4))
    assert completed(client, instance) == 1


def test_a_timer_in_the_past_fires_at_once(client, start_worker):
    def look_back(ctx, _):
        yield ctx.create_timer(ctx.current_utc_datetime - timedelta(days=1))
        return "fired"

    start_worker(look_back)
    assert completed(client, client.schedule_new_orchestration(look_back)) == "fired"


def test_an_orchestration_can_be_scheduled_for_later(backend, client, start_worker):
    def begin(ctx, _):
        return ctx.current_utc_datetime.isoformat()

    start_worker(begin)
    start = backend.engine.timers.now() + timedelta(days=1)
    instance = client.schedule_new_orchestration(begin, start_at=start)
    client.raise_orchestration_event(instance, "too early")
    completed(client, client.schedule_new_orchestration(begin))
    assert events_of(client, instance) == []
    backend.engine.timers.advance(timedelta(days=1))
    assert completed(client, instance) >= start.replace(tzinfo=None).isoformat()


def test_a_delayed_signal_reaches_its_entity_after_a_jump(backend, client, start_worker):
    def counter(entity, _):
        entity.set_state((entity.get_state(int) or 0) + 1)

    start_worker(counter)
    entity = EntityInstanceId("counter", "one")
    client.signal_entity(entity, "add", signal_time=backend.engine.timers.now() + timedelta(days=2))
    client.signal_entity(entity, "add")
    eventually(lambda: client.get_entity(entity).get_state(), lambda state: state == "1")
    backend.engine.timers.advance(timedelta(days=2))
    eventually(lambda: client.get_entity(entity).get_state(), lambda state: state == "2")


def test_waiting_timers_need_no_threads(client, start_worker):
    def wait_often(ctx, _):
        yield task.when_all([ctx.create_timer(timedelta(days=1)) for _ in range(300)])

    start_worker(wait_often)
    instance = client.schedule_new_orchestration(wait_often)
    eventually(lambda: events_of(client, instance).count("TimerCreated"), lambda count: count == 300)
    assert threading.active_count() < 200
