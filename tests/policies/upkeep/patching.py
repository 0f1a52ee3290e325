"""Records and schedules as tests of patching need them."""

from datetime import UTC, datetime

from models.configuration import PatchSchedule
from models.pipeline_record import PipelineRecord
from models.pipeline_run import Scope, Starter
from models.state import State

MONTHS = [(year, month) for year in range(2024, 2036) for month in range(1, 13)]


def schedule(**members):
    return PatchSchedule(environments=("sbx",), **members)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run(started, state=State.SUCCEEDED, *, month=None, scope=Scope.ONLY_IMAGE, kind=None):
    """Return a run's record; one with a month is the timer's."""
    started = at(started) if isinstance(started, str) else started
    return PipelineRecord(
        id=f"linux-{started:%Y%m%d-%H%M%S}-00000a",
        image="linux",
        scope=scope,
        started_by=Starter(kind=kind or ("timer" if month else "http"), month=month),
        started_at=started,
        state=state,
    )
