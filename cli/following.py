"""Follows a run to its end."""

import time

from cli.bakery_api import BakeryApi, Unavailable
from cli.progress import Show
from models.pipeline_record import PipelineRecord
from models.state import State

# The app may restart while a run goes on; nothing of the run is lost then.
PATIENCE_SECONDS = 60


def is_over(record: PipelineRecord) -> bool:
    """Say whether nothing more will come; a build that its run did not wait for still goes on."""
    return record.ended_at is not None and record.state is not State.TRIGGERED


def follow(api: BakeryApi, run_id: str, show: Show, poll_seconds: float) -> PipelineRecord:
    """Show a run as it goes on and return its record once it has ended.

    Raises Unavailable when the app does not answer at first, or has not answered for a minute later on.
    """
    last_answer = -float("inf")
    while True:
        try:
            record = api.get_run(run_id)
        except Unavailable:
            if time.monotonic() - last_answer > PATIENCE_SECONDS:
                raise
        else:
            last_answer = time.monotonic()
            show(record)
            if is_over(record):
                return record
        time.sleep(poll_seconds)
