from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.image_build import NoticedBy, PastBuild
from policies.build_poll_interval import LONGEST, build_poll_interval, look_gap, second_look
from policies.poll_interval import poll_interval

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
histories = st.lists(
    st.builds(PastBuild, took=durations, noticed_by=st.sampled_from([*NoticedBy, None])), max_size=10
).map(tuple)


def builds(*minutes, noticed_by=NoticedBy.POLL):
    return tuple(PastBuild(took=one * MINUTE, noticed_by=noticed_by) for one in minutes)


def readings(history, until):
    """The moments at which a build is read, up to one that is not before `until`."""
    moments = [timedelta(0)]
    while moments[-1] < until:
        moments.append(moments[-1] + build_poll_interval(moments[-1], history))
    return moments[1:]


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)), histories)
def test_whatever_earlier_builds_took_a_wait_is_between_a_second_and_a_quarter_of_an_hour(elapsed, history):
    assert SECOND <= build_poll_interval(elapsed, history) <= LONGEST


@given(durations)
def test_the_first_build_of_an_image_is_polled_at_a_share_of_the_elapsed_time(elapsed):
    assert build_poll_interval(elapsed, ()) == poll_interval(elapsed)


@given(st.integers(15, 240), st.sampled_from(NoticedBy), st.integers(1, 10))
def test_readings_come_closer_together_until_the_usual_end_and_never_further_apart_before_it(
    minutes, noticed_by, count
):
    history = builds(*[minutes] * count, noticed_by=noticed_by)
    moments = range(0, minutes * 60, 7)
    waits = [build_poll_interval(timedelta(seconds=at), history) for at in moments]
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] < waits[0]


@given(st.integers(1, 240), st.integers(1, 10))
def test_a_build_that_is_long_overdue_is_read_less_and_less_often_but_every_minute(minutes, count):
    history = builds(*[minutes] * count)
    waits = [build_poll_interval(minutes * MINUTE * (2 + step / 10), history) for step in range(50)]
    assert waits == sorted(waits)
    assert waits[-1] <= MINUTE


def test_around_the_usual_end_readings_are_seconds_apart():
    history = builds(30, 33, 28, 31, 30)
    assert build_poll_interval(timedelta(0), history) >= 10 * MINUTE
    assert build_poll_interval(30 * MINUTE, history) <= 20 * SECOND
    assert build_poll_interval(33 * MINUTE, history) <= 15 * SECOND


def test_one_build_that_took_far_longer_changes_little():
    usual, with_outlier = builds(30, 31, 29, 30, 30), builds(30, 31, 29, 30, 300)
    assert len(readings(with_outlier, 30 * MINUTE)) <= len(readings(usual, 30 * MINUTE)) * 2


def test_where_events_told_of_the_last_ends_polling_is_a_safety_net():
    history = builds(30, 33, 28, 31, 30, noticed_by=NoticedBy.EVENT)
    assert len(readings(history, 30 * MINUTE)) <= 5
    assert len(readings(history, 180 * MINUTE)) <= 50


@pytest.mark.parametrize("noticed_by", [NoticedBy.POLL, None])
def test_one_end_that_no_event_told_of_is_enough_to_poll_closely_again(noticed_by):
    told = builds(30, 31, 29, noticed_by=NoticedBy.EVENT)
    latest = builds(30, noticed_by=noticed_by)
    assert build_poll_interval(30 * MINUTE, (*latest, *told)) == build_poll_interval(
        30 * MINUTE, builds(30, 30, 31, 29)
    )
    assert build_poll_interval(30 * MINUTE, (*told, *latest)) > 2 * build_poll_interval(30 * MINUTE, builds(30))


def test_two_ends_that_events_told_of_are_not_yet_enough_to_trust_them():
    told = builds(30, 30, noticed_by=NoticedBy.EVENT)
    assert build_poll_interval(30 * MINUTE, told) == build_poll_interval(30 * MINUTE, builds(30, 30))


def test_short_builds_are_read_every_few_seconds():
    for noticed_by in NoticedBy:
        history = builds(0.05, 0.05, 0.05, noticed_by=noticed_by)
        assert len(readings(history, 4 * SECOND)) >= 1
        assert build_poll_interval(4 * SECOND, history) <= 2 * SECOND


def test_an_event_may_cause_a_reading_five_seconds_after_the_last_and_fruitless_ones_ever_later():
    assert look_gap(0) == 5 * SECOND
    gaps = [look_gap(count) for count in range(1000)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == MINUTE


def test_a_fruitless_look_is_followed_by_a_second_one_but_not_while_the_run_is_being_accepted():
    assert second_look(30 * MINUTE, 1) == 10 * SECOND
    assert second_look(10 * SECOND, 1) == LONGEST
