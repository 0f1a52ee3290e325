"""When an image is patched, for every month, by every clock on earth."""

import calendar
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.upkeep.patch_schedule import next_patch, patch_moment, patch_month, patch_tuesday
from tests.policies.upkeep.patching import MONTHS, at, schedule

SECOND = timedelta(seconds=1)
ZONES = sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def second_tuesday(year, month):
    """An oracle of its own: the calendar as it hangs on the wall."""
    weeks = calendar.Calendar(calendar.MONDAY).monthdatescalendar(year, month)
    return [week[1] for week in weeks if week[1].month == month][1]


@pytest.mark.parametrize("days", range(21))
def test_the_patch_day_of_every_month_is_so_many_days_after_the_second_tuesday(days):
    for year, month in MONTHS:
        tuesday = second_tuesday(year, month)
        assert patch_tuesday(year, month) == tuesday
        moment = patch_moment(year, month, schedule(days_after_patch_tuesday=days, time="23:59"))
        assert moment == datetime.combine(tuesday + timedelta(days=days), time(23, 59), UTC)


@pytest.mark.parametrize(
    ("zone", "year_and_month", "days", "clock", "moment"),
    [
        ("UTC", (2026, 3), 1, "03:00", "2026-03-11 03:00"),
        ("Asia/Kolkata", (2026, 3), 1, "03:00", "2026-03-10 21:30"),
        ("Pacific/Kiritimati", (2026, 3), 0, "00:00", "2026-03-09 10:00"),
        ("Europe/Berlin", (2026, 1), 1, "03:00", "2026-01-14 02:00"),
        ("Europe/Berlin", (2026, 7), 1, "03:00", "2026-07-15 01:00"),
        # a leap day, and the day after it
        ("UTC", (2024, 2), 16, "03:00", "2024-02-29 03:00"),
        ("UTC", (2024, 2), 17, "03:00", "2024-03-01 03:00"),
        ("UTC", (2028, 2), 20, "03:00", "2028-02-28 03:00"),
        # 02:00 to 03:00 is passed over
        ("Europe/Berlin", (2026, 3), 19, "01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", (2026, 3), 19, "02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", (2026, 3), 19, "02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", (2026, 3), 19, "03:00", "2026-03-29 01:00"),
        ("America/New_York", (2027, 3), 5, "02:30", "2027-03-14 07:00"),
        # 02:00 to 03:00 comes twice
        ("Europe/Berlin", (2026, 10), 12, "02:00", "2026-10-25 00:00"),
        ("Europe/Berlin", (2026, 10), 12, "02:30", "2026-10-25 00:30"),
        ("Europe/Berlin", (2026, 10), 12, "03:00", "2026-10-25 02:00"),
        # a change of half an hour, one at midnight, and a day that was left out
        ("Australia/Lord_Howe", (2024, 9), 26, "02:15", "2024-10-05 15:30"),
        ("Africa/Cairo", (2026, 4), 10, "00:30", "2026-04-23 22:00"),
        ("Pacific/Apia", (2011, 12), 17, "03:00", "2011-12-30 10:00"),
    ],
)
def test_the_time_is_that_of_the_place(zone, year_and_month, days, clock, moment):
    assert patch_moment(*year_and_month, schedule(days_after_patch_tuesday=days, time=clock, time_zone=zone)) == at(
        moment
    )


def test_in_every_time_zone_the_moment_is_the_first_at_which_the_clock_shows_the_time():
    wanted_in = {
        (year, month): datetime.combine(second_tuesday(year, month) + timedelta(days=1), time(3))
        for year, month in MONTHS
    }
    for zone in ZONES:
        place, wish = ZoneInfo(zone), schedule(time_zone=zone)
        for (year, month), wanted in wanted_in.items():
            moment = patch_moment(year, month, wish)
            assert wall(moment - SECOND, place) < wanted <= wall(moment, place), (zone, year, month)


def wall(moment, place):
    return moment.astimezone(place).replace(tzinfo=None)


def clock_changes():
    """Return every change of the clocks from 2024 to 2035, once for all places that have the same ones."""
    weeks = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(626)]
    places = {tuple(week.astimezone(place).utcoffset() for week in weeks): place for place in map(ZoneInfo, ZONES)}
    for offsets, place in places.items():
        for (week, before), (_, after) in pairwise(zip(weeks, offsets, strict=True)):
            if before != after:
                seconds = range(7 * 24 * 3600)
                change = bisect_left(
                    seconds, x=True, key=lambda s: (week + timedelta(seconds=s)).astimezone(place).utcoffset() != before
                )
                yield place, week + timedelta(seconds=change)


def test_a_time_that_is_passed_over_or_comes_twice_has_one_moment_wherever_the_clocks_change():
    passed_over = twice = 0
    for place, change in clock_changes():
        before, after = (wall(moment, place) for moment in (change - SECOND, change))
        middle = (before + SECOND + (after - before - SECOND) / 2).replace(second=0)
        for year, month, days in patch_days_of(middle.date()):
            wish = schedule(days_after_patch_tuesday=days, time=f"{middle:%H:%M}", time_zone=place.key)
            moment = patch_moment(year, month, wish)
            if after > before:
                assert moment == change, (place, wish)
                passed_over += 1
            else:
                assert moment < change, (place, wish)
                assert wall(moment, place) == middle, (place, wish)
                twice += 1
    assert passed_over > 100
    assert twice > 100


def patch_days_of(day):
    """Return the months, and the days after the second Tuesday, that a day can be the patch day of."""
    for year, month in {(day.year, day.month), ((day - timedelta(days=day.day)).year, (day.month - 2) % 12 + 1)}:
        days = (day - second_tuesday(year, month)).days
        if 0 <= days <= 20:
            yield year, month, days


SCHEDULES = st.builds(
    schedule,
    days_after_patch_tuesday=st.integers(0, 20),
    time=st.times().map(lambda moment: f"{moment:%H:%M}"),
    time_zone=st.sampled_from(ZONES),
)


@given(SCHEDULES, st.floats(0, 12 * 365).map(lambda days: at("2024-03-01") + timedelta(days=days)))
def test_a_month_is_the_current_one_from_its_moment_to_that_of_the_next(wish, now):
    current, coming = patch_month(now, wish), next_patch(now, wish)
    assert current.moment <= now < coming.moment
    assert coming.month == following(current.month)
    for month in (current, coming):
        assert month.moment == patch_moment(*map(int, month.month.split("-")), wish)
    assert patch_month(coming.moment, wish) == coming
    assert patch_month(coming.moment - SECOND, wish) == current


def following(month):
    return f"{date.fromisoformat(f'{month}-01') + timedelta(days=32):%Y-%m}"
