"""Fires the app's timer triggers by their six-field NCRONTAB schedules, in UTC.

Of several hosts one fires them: the one that holds their lock. When it should have fired next is noted in the host's
storage, so that a firing that was missed while no host ran is made up for (`IsPastDue`), as `useMonitor` asks.
"""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError
from croniter import croniter

from local.functions_host.app_settings import resolved
from local.functions_host.ending import Ending
from local.functions_host.host_storage import HostStorage
from local.functions_host.worker import Function, FunctionFailedError, FunctionsWorker
from local.functions_host.worker_protocol import TypedData

LOGGER = logging.getLogger("functions_host.timers")
# The machine may sleep meanwhile, and the clock may be set.
LONGEST_WAIT_SECONDS = 60.0
SECONDS_BETWEEN_TRIES_OF_THE_LOCK = 2.0
# What comes more often is not monitored: the next firing comes soon anyway.
SHORTEST_MONITORED = timedelta(minutes=1)


async def run_timers(worker: FunctionsWorker, storage: HostStorage, ending: Ending) -> None:
    """Fire every timer of the app when it is due, in this host or another, until the end."""
    functions = worker.of_type("timertrigger")
    while functions and not ending.is_set():
        try:
            async with storage.lock("timers") as held:
                if held:
                    async with asyncio.TaskGroup() as timers:
                        for function in functions:
                            timers.create_task(_run_timer(worker, storage, ending, function))
        except* AzureError as errors:
            LOGGER.warning("The timers' lock or status could not be read or kept: %s", errors.exceptions)
        await ending.pause(SECONDS_BETWEEN_TRIES_OF_THE_LOCK)


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


async def _run_timer(worker: FunctionsWorker, storage: HostStorage, ending: Ending, function: Function) -> None:
    note = f"timers/{function.name}/status"
    is_monitored = _is_monitored(function)
    status = await storage.read(note) if is_monitored else None
    if status and datetime.fromisoformat(status["Next"]) < datetime.now(UTC):
        await _fire(worker, function, past_due=True)
    elif function.trigger.get("runOnStartup"):
        await _fire(worker, function, past_due=False)
    while not ending.is_set():
        due = next_due(_schedule(function), datetime.now(UTC))
        if is_monitored:
            await storage.write(note, {"Next": due.isoformat()})
        while not ending.is_set() and (remaining := (due - datetime.now(UTC)).total_seconds()) > 0:
            await ending.pause(min(remaining, LONGEST_WAIT_SECONDS))
        if not ending.is_set():
            await _fire(worker, function, past_due=False)


async def _fire(worker: FunctionsWorker, function: Function, *, past_due: bool) -> None:
    try:
        await worker.invoke(function, timer_data(function, past_due=past_due))
    except FunctionFailedError:
        LOGGER.warning("%s is not tried again before its schedule says so.", function.name)


def _is_monitored(function: Function) -> bool:
    first = next_due(_schedule(function), datetime.now(UTC))
    is_often = next_due(_schedule(function), first) - first < SHORTEST_MONITORED
    return function.trigger.get("useMonitor") is not False and not is_often


def _schedule(function: Function) -> str:
    return resolved(function.trigger["schedule"])
