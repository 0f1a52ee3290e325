"""Decides when an image is patched: once a month, some days after the second Tuesday, whatever the timer does."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.configuration import PatchSchedule
from models.image_overview import PatchOutlook
from models.pipeline_record import PipelineRecord, PipelineRunSummary
from models.state import State
from policies.runs.scope_work import Work, work_of

# What starts a patch run, as `Starter.kind` has it.
TIMER = "timer"
# An image that is new here is not patched for a month whose day has been: nobody asked for it then.
LATEST_FIRST_PATCH = timedelta(days=1)
FAILURES = {State.FAILED, State.TIMED_OUT, State.PARTIALLY_SUCCEEDED}
# Ends that say nothing about whether the image can be built: nothing was tried, or a person put an end to it.
NO_TRIAL = {State.SKIPPED, State.CANCELED, State.REJECTED}


@dataclass(frozen=True, slots=True)
class PatchMonth:
    """A month (`yyyy-MM`) and the moment (UTC) from which an image is to be patched for it.

    The month is that of the second Tuesday; the moment may lie at the beginning of the next.
    """

    month: str
    moment: datetime


class PatchVerdict(StrEnum):
    """Whether an image is to be patched now."""

    DUE = "due"
    NOT_DUE = "notDue"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class PatchDecision:
    """The verdict on the month of `of`, and a sentence for people on why it is so."""

    verdict: PatchVerdict
    of: PatchMonth
    because: str


def patch_moment(year: int, month: int, schedule: PatchSchedule) -> datetime:
    """Return when an image is patched for a month, in UTC.

    A local time that the clocks pass over is the first one after it; of one that comes twice, the first.
    """
    day = patch_tuesday(year, month) + timedelta(days=schedule.days_after_patch_tuesday)
    zone = ZoneInfo(schedule.time_zone)
    local = datetime.combine(day, time.fromisoformat(schedule.time), zone)
    before, after = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if before <= after:
        return before
    # Only a time that the clocks skip comes later by their offset from before the change than by the one after it; the
    # change lies between these two moments.
    wall = local.replace(tzinfo=None)
    seconds = range(int((before - after).total_seconds()) + 1)
    passed = bisect_left(seconds, x=True, key=lambda second: _wall(after + timedelta(seconds=second), zone) >= wall)
    return after + timedelta(seconds=passed)


def patch_tuesday(year: int, month: int) -> date:
    """Return the second Tuesday of a month, on which Microsoft publishes its updates."""
    first = date(year, month, 1)
    return first + timedelta(days=(1 - first.weekday()) % 7 + 7)


def patch_month(now: datetime, schedule: PatchSchedule) -> PatchMonth:
    """Return the month whose moment is the last one that has passed.

    It is due until the moment of the next one: what a timer missed is made up for, also in the next calendar month.
    """
    return max((month for month in _months_around(now, schedule) if month.moment <= now), key=_moment)


def next_patch(now: datetime, schedule: PatchSchedule) -> PatchMonth:
    """Return the month whose moment comes next."""
    return min((month for month in _months_around(now, schedule) if month.moment > now), key=_moment)


def patch_decision(
    now: datetime, schedule: PatchSchedule, records: Sequence[PipelineRecord | PipelineRunSummary]
) -> PatchDecision:
    """Decide whether an image is to be patched now.

    `records` are those of the image, newest first, without a gap: all that were started since the last moment, one
    from before it if there is any, and as many of the timer's as `failures_before_pause` asks for.
    """
    month = patch_month(now, schedule)
    run = run_of_month(month.month, records)
    if run is not None:
        because = f"The patch of {month.month} is the run {run.id} ({run.state}); {_next(now, schedule)}."
        return PatchDecision(PatchVerdict.NOT_DUE, month, because)
    is_new = all(record.started_at >= month.moment for record in records)
    if is_new and now - month.moment > LATEST_FIRST_PATCH:
        because = f"The image is newer here than the patch day of {month.month}; {_next(now, schedule)}."
        return PatchDecision(PatchVerdict.NOT_DUE, month, because)
    pause = why_paused(schedule, records)
    if pause is not None:
        return PatchDecision(PatchVerdict.PAUSED, month, pause)
    because = f"The patch of {month.month} has been due since {_shown(month.moment)}."
    return PatchDecision(PatchVerdict.DUE, month, because)


def patch_outlook(
    now: datetime, schedule: PatchSchedule, records: Sequence[PipelineRecord | PipelineRunSummary]
) -> PatchOutlook:
    """Tell how patching stands; `records` are as for the decision.

    A schedule that pauses is told as soon as the next month would be skipped for it: what became of the last one is
    the failure, or the run that was skipped.
    """
    decision = patch_decision(now, schedule, records)
    pause = why_paused(schedule, records)
    return PatchOutlook(
        month=decision.of.month,
        because=pause or decision.because,
        next_at=next_patch(now, schedule).moment,
        paused=pause is not None,
    )


def run_of_month(
    month: str, records: Sequence[PipelineRecord | PipelineRunSummary]
) -> PipelineRecord | PipelineRunSummary | None:
    """Return the run that the timer started for a month, however it ended; one that had nothing to do is one too."""
    return next((one for one in records if one.started_by.kind == TIMER and one.started_by.month == month), None)


def why_paused(schedule: PatchSchedule, records: Sequence[PipelineRecord | PipelineRunSummary]) -> str | None:
    """Return why the schedule pauses, in a sentence, or None where it does not; `records` are newest first."""
    tried = [record for record in records if record.started_by.kind == TIMER and record.state not in NO_TRIAL]
    last = tried[: schedule.failures_before_pause]
    if len(last) < schedule.failures_before_pause or not all(record.state in FAILURES for record in last):
        return None
    since = records[: records.index(last[-1])]
    if any(record.state is State.SUCCEEDED and Work.IMAGE in work_of(record.scope) for record in since):
        return None
    return (
        f"The schedule pauses after {len(last)} failures in a row, the last of them the run {last[0].id} "
        f"({last[0].state}): nothing is patched by itself until a run by hand, or of an upload, succeeds."
    )


def _months_around(now: datetime, schedule: PatchSchedule) -> list[PatchMonth]:
    """Return the months whose moments can be the last one or the next one: moments may lie in the month after."""
    months = range(now.year * 12 + now.month - 3, now.year * 12 + now.month + 1)
    return [
        PatchMonth(f"{year}-{month + 1:02}", patch_moment(year, month + 1, schedule))
        for year, month in (divmod(month, 12) for month in months)
    ]


def _moment(month: PatchMonth) -> datetime:
    return month.moment


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _next(now: datetime, schedule: PatchSchedule) -> str:
    return f"the next is due at {_shown(next_patch(now, schedule).moment)}"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
