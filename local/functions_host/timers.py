"""Fires the app's timer triggers by their six-field NCRONTAB schedules, in UTC."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

from croniter import croniter

from local.functions_host.app_settings import resolved
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

# asyncio takes no longer waits than a day well where the machine sleeps meanwhile.
LONGEST_WAIT_SECONDS = 3600.0


async def run_timers(worker: FunctionsWorker) -> None:
    """Fire every timer of the app when it is due, until canceled."""
    await asyncio.gather(*(_run_timer(worker, function) for function in worker.of_type("timertrigger")))


def next_due(schedule: str, after: datetime) -> datetime:
    """Return when a schedule is due next: `second minute hour day month weekday`."""
    return croniter(schedule, after, second_at_beginning=True).get_next(datetime)


def timer_data(function: Function, *, past_due: bool = False) -> TypedData:
    """Return what a timer trigger gives its function."""
    now = datetime.now(UTC)
    status = {"Last": now.isoformat(), "Next": next_due(_schedule(function), now).isoformat()}
    return TypedData(
        json=json.dumps({"IsPastDue": past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}})
    )


async def _run_timer(worker: FunctionsWorker, function: Function) -> None:
    if function.trigger.get("runOnStartup"):
        await _fire(worker, function)
    due = next_due(_schedule(function), datetime.now(UTC))
    while True:
        remaining = (due - datetime.now(UTC)).total_seconds()
        if remaining > 0:
            await asyncio.sleep(min(remaining, LONGEST_WAIT_SECONDS))
            continue
        await _fire(worker, function)
        due = next_due(_schedule(function), datetime.now(UTC))


async def _fire(worker: FunctionsWorker, function: Function) -> None:
    # A failed call is in the log; the next one comes by the schedule.
    with contextlib.suppress(FunctionFailedError):
        await worker.invoke(function, timer_data(function))


def _schedule(function: Function) -> str:
    return resolved(function.trigger["schedule"])
