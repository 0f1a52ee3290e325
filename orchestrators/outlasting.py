"""Outlasts an outage of what a run writes to at its end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from models.errors import StepFailed
from orchestrators.durable import Context, Steps, now, sleep, warn
from policies.poll_interval import outage_pause

LONGEST_OUTAGE = timedelta(days=1)


def outlast(context: Context, what: str, write: Callable[[], Steps[Any]]) -> Steps[None]:
    """Write something, again and again for up to a day; after that it is given up."""
    began = now(context)
    while True:
        try:
            yield from write()
        except StepFailed as failed:
            warn(context, f"{what} could not be written: {failed}")
        else:
            return
        elapsed = now(context) - began
        if elapsed > LONGEST_OUTAGE:
            return
        yield from sleep(context, outage_pause(elapsed))
