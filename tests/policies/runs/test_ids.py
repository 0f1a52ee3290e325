from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.runs.ids import image_of_run, is_run_id, month_of_run, new_run_id

IMAGES = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?", fullmatch=True)
MOMENTS = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(IMAGES, MOMENTS, st.integers(min_value=0, max_value=2**24 - 1))
def test_an_id_tells_the_image_and_the_month(image, moment, chance):
    run_id = new_run_id(image, moment, chance)
    assert is_run_id(run_id)
    assert image_of_run(run_id) == image
    assert month_of_run(run_id) == f"{moment:%Y-%m}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "linux",
        "../records/x-20260311-030000-00000a",
        "linux-20260311-030000-00000A",
        "linux-20260311-030000-00000a\n",
    ],
)
def test_other_texts_are_no_ids(text):
    assert not is_run_id(text)


def test_an_image_named_like_a_run_keeps_its_name():
    run_id = new_run_id("lin-20260311-030000-00000a", datetime(2027, 1, 2, tzinfo=UTC), 1)
    assert image_of_run(run_id) == "lin-20260311-030000-00000a"
