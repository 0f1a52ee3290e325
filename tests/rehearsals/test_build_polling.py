"""Builds of whose ends no event tells: they are read seldom before their distribution and closely at the end of it."""

from datetime import timedelta
from itertools import pairwise

import pytest

from models.image_build import ImageRunState, NoticedBy, PastBuild
from policies.builds.history import past_build
from tests.rehearsals.watched_build import WatchedBuild

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
USUAL, DISTRIBUTION = 30 * MINUTE, 8 * MINUTE
HISTORY = (PastBuild(took=USUAL, distribution=DISTRIBUTION, noticed_by=NoticedBy.POLL),) * 5


def watched(minutes, history=HISTORY, **how):
    build = WatchedBuild(minutes * MINUTE, history, **how)
    return build, build.watch()


def test_readings_are_minutes_apart_before_the_distribution_and_seconds_apart_at_its_usual_end():
    build, _ = watched(30, distributes_for=DISTRIBUTION)
    gaps = [(later, later - earlier) for earlier, later in pairwise([timedelta(0), *build.readings])]
    assert min(gap for at, gap in gaps if at < USUAL - DISTRIBUTION) >= 30 * SECOND
    assert max(gap for at, gap in gaps if at > USUAL - MINUTE) <= 20 * SECOND
    assert build.lag <= 20 * SECOND
    assert len(build.readings) <= 25


@pytest.mark.parametrize("minutes", [10, 20, 45, 90, 300])
def test_the_end_is_seen_soon_however_short_or_long_the_build_was_before_its_distribution(minutes):
    build, end = watched(minutes, distributes_for=DISTRIBUTION)
    assert end.progress.run_state is ImageRunState.SUCCEEDED
    assert build.lag <= 30 * SECOND


@pytest.mark.parametrize("takes", [5, 6, 10, 12])
def test_the_end_of_a_distribution_that_is_shorter_or_longer_than_usual_is_seen_within_a_minute(takes):
    build, _ = watched(22 + takes, distributes_for=takes * MINUTE)
    assert build.lag <= MINUTE


@pytest.mark.parametrize("before", [None, "Pausing"])
def test_a_build_whose_sub_state_tells_nothing_is_read_by_its_whole_length(before):
    build, _ = watched(30, before=before)
    without_distributions = tuple(past.model_copy(update={"distribution": None}) for past in HISTORY)
    assert build.readings == watched(30, without_distributions)[0].readings
    assert build.lag <= 30 * SECOND


def test_an_image_that_is_no_longer_distributed_is_seen_late_once():
    build, end = watched(28)
    assert build.lag <= 5 * MINUTE
    next_build, _ = watched(28, (past_build(end.progress), *HISTORY))
    assert next_build.lag <= 30 * SECOND


@pytest.mark.parametrize("seconds", [1, 20])
def test_a_tiny_distribution_does_not_hide_the_end(seconds):
    history = tuple(past.model_copy(update={"distribution": seconds * SECOND}) for past in HISTORY)
    build, _ = watched(30, history, distributes_for=seconds * SECOND)
    assert build.lag <= 30 * SECOND


@pytest.mark.parametrize("minutes", [1, 6, 13])
def test_a_failure_long_before_the_usual_end_is_seen_within_five_minutes(minutes):
    build, end = watched(30, distributes_for=DISTRIBUTION, fails_after=minutes * MINUTE)
    assert end.progress.run_state is ImageRunState.FAILED
    assert build.lag <= 5 * MINUTE


def test_what_a_build_tells_of_its_distribution_is_right_to_a_minute():
    _, end = watched(33, distributes_for=9 * MINUTE)
    told = past_build(end.progress)
    assert told.distribution is not None
    assert abs(told.distribution - 9 * MINUTE) <= MINUTE


def test_where_azure_did_not_answer_the_beginning_of_the_distribution_is_as_uncertain_as_it_was():
    build = WatchedBuild(USUAL, HISTORY, distributes_for=DISTRIBUTION)
    build.answers_nothing(since=18 * MINUTE, until=28 * MINUTE)
    distributing = build.watch().progress.sub_states[-1]
    assert distributing.not_yet_at < build.began + 18 * MINUTE
    assert distributing.started_at >= build.began + 28 * MINUTE
