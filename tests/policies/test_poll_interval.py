from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.poll_interval import LONGEST, outage_pause, poll_interval


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)))
def test_a_wait_is_between_a_second_and_a_minute_and_no_more_than_a_tenth_of_what_it_took(elapsed):
    interval = poll_interval(elapsed)
    assert timedelta(seconds=1) <= interval <= timedelta(minutes=1)
    assert interval <= max(elapsed / 10 + timedelta.resolution, timedelta(seconds=1))


def test_sixty_reads_find_the_end_of_ten_minutes():
    elapsed, reads = timedelta(0), 0
    while elapsed < timedelta(minutes=10):
        elapsed += poll_interval(elapsed)
        reads += 1
    assert reads <= 60


def test_an_outage_of_a_day_takes_few_tries():
    elapsed, tries = timedelta(minutes=5), 0
    while elapsed < timedelta(days=1):
        elapsed += outage_pause(elapsed) + timedelta(minutes=5)
        tries += 1
    assert outage_pause(timedelta(0)) == LONGEST
    assert tries < 30
