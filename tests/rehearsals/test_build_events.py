"""Events that tell of a build's end: they make the watch look, and nothing else."""

from datetime import timedelta
from itertools import pairwise

import pytest

from models.image_build import ImageRunState, NoticedBy, PastBuild
from orchestrators.watch_image_build import STEPS_PER_HISTORY
from tests.rehearsals.watched_build import WatchedBuild

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
HALF_AN_HOUR = 30 * MINUTE
# Events told of the ends of this image's last builds: polling is a safety net.
TRUSTED = (PastBuild(took=HALF_AN_HOUR, noticed_by=NoticedBy.EVENT),) * 3


def test_an_end_that_an_event_tells_of_is_seen_at_once_by_few_readings():
    build = WatchedBuild(HALF_AN_HOUR, TRUSTED)
    build.tell(after=2 * SECOND)
    build.tell(after=HALF_AN_HOUR + SECOND)
    end = build.watch()
    assert end.progress.run_state is ImageRunState.SUCCEEDED
    assert end.progress.noticed_by is NoticedBy.EVENT
    assert build.lag == SECOND
    assert len(build.readings) <= 6


def test_an_end_that_no_event_tells_of_is_seen_by_polling_and_the_record_says_so():
    build = WatchedBuild(HALF_AN_HOUR, TRUSTED)
    assert build.watch().progress.noticed_by is NoticedBy.POLL
    assert build.lag < 3 * MINUTE
    distrusted = (PastBuild(took=HALF_AN_HOUR, noticed_by=NoticedBy.POLL), *TRUSTED)
    next_build = WatchedBuild(HALF_AN_HOUR, distrusted)
    next_build.watch()
    assert next_build.lag < 30 * SECOND
    assert len(next_build.readings) > len(build.readings)


def test_an_event_that_comes_before_the_end_costs_two_readings_and_harms_nothing():
    build, undisturbed = WatchedBuild(HALF_AN_HOUR, TRUSTED), WatchedBuild(HALF_AN_HOUR, TRUSTED)
    build.tell(after=8 * MINUTE)
    assert build.watch().progress.noticed_by is NoticedBy.POLL
    undisturbed.watch()
    assert len(build.readings) <= len(undisturbed.readings) + 2


def test_an_event_that_overtakes_what_azure_answers_is_followed_by_a_second_look():
    build = WatchedBuild(HALF_AN_HOUR, TRUSTED, shows_its_end_after=6)
    build.tell(after=HALF_AN_HOUR)
    assert build.watch().progress.noticed_by is NoticedBy.EVENT
    assert build.lag == 10 * SECOND


def test_an_event_after_the_end_was_seen_is_nothing():
    build = WatchedBuild(HALF_AN_HOUR, TRUSTED)
    build.tell(after=HALF_AN_HOUR)
    build.tell(after=HALF_AN_HOUR + MINUTE)
    build.watch()
    readings = len(build.readings)
    build.play.play_on()
    assert len(build.readings) == readings


def test_a_repeated_event_is_one_look():
    build, told_once = WatchedBuild(HALF_AN_HOUR, TRUSTED), WatchedBuild(HALF_AN_HOUR, TRUSTED)
    for _ in range(10):
        build.tell(after=8 * MINUTE)
    told_once.tell(after=8 * MINUTE)
    build.watch()
    told_once.watch()
    assert build.readings == told_once.readings


@pytest.mark.parametrize("apart", [timedelta(seconds=0.1), SECOND, 7 * SECOND])
def test_a_flood_of_events_causes_few_readings_and_short_histories(apart):
    build = WatchedBuild(10 * MINUTE, TRUSTED)
    for number in range(10 * MINUTE // apart):
        build.tell(after=apart * number)
    end = build.watch()
    assert end.progress.run_state is ImageRunState.SUCCEEDED
    assert all(later - earlier >= 5 * SECOND for earlier, later in pairwise(build.readings))
    assert len(build.readings) <= 30
    assert build.lag <= MINUTE


@pytest.mark.parametrize(("reading", "history"), [(1, TRUSTED), (STEPS_PER_HISTORY - 1, ()), (STEPS_PER_HISTORY, ())])
def test_an_event_that_comes_during_a_reading_is_looked_at_after_it_also_where_the_watch_starts_over(reading, history):
    build = WatchedBuild(HALF_AN_HOUR, history)
    build.end_unseen_during(reading)
    assert build.watch().progress.noticed_by is NoticedBy.EVENT
    assert len(build.readings) == reading + 1
    assert build.lag == 5 * SECOND


def test_a_wish_to_cancel_that_comes_during_a_reading_is_not_lost_where_the_watch_starts_over():
    build = WatchedBuild(HALF_AN_HOUR)
    build.cancel_during(STEPS_PER_HISTORY)
    end = build.watch()
    assert end.canceled_because is not None
    assert end.progress.run_state is ImageRunState.CANCELED
