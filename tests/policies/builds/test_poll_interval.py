from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.image_build import NoticedBy, PastBuild
from policies.builds.poll_interval import LONGEST, POLLING, build_poll_interval, look_gap, second_look
from policies.builds.standing import Phase, Standing
from policies.poll_interval import poll_interval

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
histories = st.lists(
    st.builds(
        PastBuild,
        took=durations,
        distribution=st.none() | durations,
        noticed_by=st.sampled_from([*NoticedBy, None]),
    ),
    max_size=10,
).map(tuple)
standings = st.builds(Standing, elapsed=durations, phase=st.sampled_from(Phase), in_sub_state=durations)
# What a distribution usually takes of a build.
shares = st.floats(0.1, 0.5)


def builds(*minutes, distribution=None, noticed_by=NoticedBy.POLL):
    """Builds that took so many minutes, each with a distribution of so many."""
    share = None if distribution is None else distribution * MINUTE
    return tuple(PastBuild(took=one * MINUTE, distribution=share, noticed_by=noticed_by) for one in minutes)


def wait(elapsed, history):
    """The wait where no sub-state is told."""
    return build_poll_interval(Standing(elapsed), history)


def wait_before(elapsed, history):
    return build_poll_interval(Standing(elapsed, Phase.BEFORE_DISTRIBUTION, elapsed), history)


def wait_in_distribution(since, history, elapsed=10 * MINUTE):
    return build_poll_interval(Standing(elapsed + since, Phase.DISTRIBUTION, since), history)


def readings(history, until, waits=wait):
    """The moments at which a build is read, up to one that is not before `until`."""
    moments = [timedelta(0)]
    while moments[-1] < until:
        moments.append(moments[-1] + waits(moments[-1], history))
    return moments[1:]


@given(standings, histories)
def test_wherever_a_build_stands_a_wait_is_between_a_second_and_a_quarter_of_an_hour(standing, history):
    assert SECOND <= build_poll_interval(standing, history) <= LONGEST


@given(standings, histories.filter(lambda history: not history or history[0].noticed_by is not NoticedBy.EVENT))
def test_a_failure_that_no_event_tells_of_is_seen_within_five_minutes(standing, history):
    assert build_poll_interval(standing, history) <= POLLING.longest == 5 * MINUTE


@given(standings)
def test_the_first_build_of_an_image_is_polled_at_a_share_of_the_elapsed_time(standing):
    assert build_poll_interval(standing, ()) == poll_interval(standing.elapsed)


@given(st.integers(15, 240), st.sampled_from(NoticedBy), st.integers(1, 10))
def test_readings_come_closer_together_until_the_usual_end_and_never_further_apart_before_it(
    minutes, noticed_by, count
):
    history = builds(*[minutes] * count, noticed_by=noticed_by)
    waits = [wait(percent / 100 * minutes * MINUTE, history) for percent in range(100)]
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] < waits[0]


@given(st.integers(15, 240), shares, st.integers(1, 10))
def test_readings_in_a_distribution_come_closer_together_until_its_usual_end(minutes, share, count):
    history = builds(*[minutes] * count, distribution=minutes * share)
    waits = [wait_in_distribution(percent / 100 * minutes * share * MINUTE, history) for percent in range(100)]
    assert waits == sorted(waits, reverse=True)


@given(st.integers(15, 120), shares, st.integers(1, 10))
def test_at_the_end_of_a_distribution_readings_are_closer_together_than_ever_before_it(minutes, share, count):
    history = builds(*[minutes] * count, distribution=minutes * share)
    before = min(wait_before(timedelta(minutes=tenth * minutes / 10), history) for tenth in range(31))
    assert wait_in_distribution(minutes * share * MINUTE, history) < before


@given(st.integers(15, 120), shares, st.integers(1, 10))
def test_before_its_distribution_a_build_is_read_often_enough_to_know_when_that_begins(minutes, share, count):
    history = builds(*[minutes] * count, distribution=minutes * share)
    usual_beginning = minutes * (1 - share) * MINUTE
    assert wait_before(usual_beginning, history) <= minutes * share * MINUTE / 2


def test_before_its_distribution_a_build_is_read_seldom_and_in_it_every_few_seconds():
    history = builds(30, 33, 28, 31, 30, distribution=8)
    assert len(readings(history, 22 * MINUTE, wait_before)) <= 8
    assert wait_in_distribution(0 * MINUTE, history) >= 3 * MINUTE
    assert wait_in_distribution(8 * MINUTE, history) <= 20 * SECOND


def test_a_build_that_comes_to_its_distribution_early_or_late_is_read_by_when_that_began():
    history = builds(30, 33, 28, 31, 30, distribution=8)
    waits = {wait_in_distribution(6 * MINUTE, history, elapsed=began * MINUTE) for began in (2, 22, 200)}
    assert len(waits) == 1


@pytest.mark.parametrize("phase", [Phase.BEFORE_DISTRIBUTION, Phase.DISTRIBUTION])
def test_where_the_last_build_showed_no_distribution_the_length_of_the_whole_build_counts(phase):
    history = (*builds(30), *builds(30, 31, 29, distribution=8))
    standing = Standing(28 * MINUTE, phase, 3 * MINUTE)
    assert build_poll_interval(standing, history) == wait(28 * MINUTE, history)


def test_a_sub_state_that_tells_nothing_leaves_the_length_of_the_whole_build_to_go_by():
    with_distributions, without = builds(30, 31, 29, distribution=8), builds(30, 31, 29)
    assert wait(28 * MINUTE, with_distributions) == wait(28 * MINUTE, without)


def test_the_beginning_of_a_tiny_distribution_is_looked_for_as_closely_as_the_end_itself():
    history = builds(30, 33, 28, 31, 30, distribution=0.1)
    assert wait_before(30 * MINUTE, history) == pytest.approx(wait(30 * MINUTE, history), abs=2 * SECOND)


@given(st.integers(1, 240), st.integers(1, 10))
def test_a_build_that_is_long_overdue_is_read_less_and_less_often_but_every_five_minutes(minutes, count):
    history = builds(*[minutes] * count)
    waits = [wait(minutes * MINUTE * (2 + step / 10), history) for step in range(50)]
    assert waits == sorted(waits)
    assert waits[-1] <= 5 * MINUTE


def test_around_the_usual_end_readings_are_seconds_apart():
    history = builds(30, 33, 28, 31, 30)
    assert wait(timedelta(0), history) == 5 * MINUTE
    assert wait(30 * MINUTE, history) <= 20 * SECOND
    assert wait(33 * MINUTE, history) <= 15 * SECOND


def test_one_build_that_took_far_longer_changes_little():
    usual, with_outlier = builds(30, 31, 29, 30, 30), builds(30, 31, 29, 30, 300)
    assert len(readings(with_outlier, 30 * MINUTE)) <= len(readings(usual, 30 * MINUTE)) * 2


def test_where_events_told_of_the_last_ends_polling_is_a_safety_net():
    history = builds(30, 33, 28, 31, 30, distribution=8, noticed_by=NoticedBy.EVENT)
    for waits in (wait, wait_before):
        assert len(readings(history, 30 * MINUTE, waits)) <= 5
        assert len(readings(history, 180 * MINUTE, waits)) <= 50


@pytest.mark.parametrize("noticed_by", [NoticedBy.POLL, None])
def test_one_end_that_no_event_told_of_is_enough_to_poll_closely_again(noticed_by):
    told = builds(30, 31, 29, noticed_by=NoticedBy.EVENT)
    latest = builds(30, noticed_by=noticed_by)
    assert wait(30 * MINUTE, (*latest, *told)) == wait(30 * MINUTE, builds(30, 30, 31, 29))
    assert wait(30 * MINUTE, (*told, *latest)) > 2 * wait(30 * MINUTE, builds(30))


def test_two_ends_that_events_told_of_are_not_yet_enough_to_trust_them():
    told = builds(30, 30, noticed_by=NoticedBy.EVENT)
    assert wait(30 * MINUTE, told) == wait(30 * MINUTE, builds(30, 30))


@pytest.mark.parametrize(("noticed_by", "seconds"), [(NoticedBy.POLL, 1), (NoticedBy.EVENT, 5)])
def test_short_builds_are_read_every_few_seconds(noticed_by, seconds):
    history = builds(0.05, 0.05, 0.05, noticed_by=noticed_by)
    assert wait(4 * SECOND, history) <= seconds * SECOND


def test_an_event_may_cause_a_reading_five_seconds_after_the_last_and_fruitless_ones_ever_later():
    assert look_gap(0) == 5 * SECOND
    gaps = [look_gap(count) for count in range(1000)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == MINUTE


def test_a_fruitless_look_is_followed_by_a_second_one_but_not_while_the_run_is_being_accepted():
    assert second_look(30 * MINUTE, 1) == 10 * SECOND
    assert second_look(10 * SECOND, 1) == LONGEST
