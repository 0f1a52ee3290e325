from datetime import UTC, datetime, timedelta

import pytest

from models.image_build import ImageBuildProgress, ImageRun, ImageRunState
from policies.builds.progress import advanced
from policies.builds.standing import Phase, Standing, build_standing

BEGAN, MINUTE = datetime(2026, 3, 11, 3, tzinfo=UTC), timedelta(minutes=1)


def standing(*sub_states, read_after):
    """Where a build stands that was read every two minutes, and tried to be read once more."""
    progress = ImageBuildProgress(template_name="t", template_id="/t")
    for number, sub_state in enumerate(sub_states):
        run = ImageRun(state=ImageRunState.RUNNING, sub_state=sub_state)
        progress = advanced(progress, run, BEGAN + 2 * number * MINUTE)
    return build_standing(progress, BEGAN, BEGAN + read_after * MINUTE)


@pytest.mark.parametrize("sub_state", ["Queued", "Building", "Customizing", "Optimizing", "Validating", "customizing"])
def test_before_the_distribution_the_end_is_not_near(sub_state):
    assert standing(sub_state, read_after=0).phase is Phase.BEFORE_DISTRIBUTION


def test_a_distribution_is_on_since_the_middle_between_the_readings_that_found_it():
    seen = standing("Building", "Customizing", "Distributing", "Distributing", read_after=6)
    assert seen == Standing(6 * MINUTE, Phase.DISTRIBUTION, 3 * MINUTE)


def test_where_azure_does_not_answer_the_last_sub_state_goes_on():
    assert standing("Building", "Distributing", read_after=20) == Standing(20 * MINUTE, Phase.DISTRIBUTION, 19 * MINUTE)


def test_a_distribution_that_the_first_reading_shows_is_on_since_then():
    assert standing("Distributing", read_after=3) == Standing(3 * MINUTE, Phase.DISTRIBUTION, 3 * MINUTE)


@pytest.mark.parametrize("sub_state", [None, "Pausing"])
def test_no_sub_state_and_an_unknown_one_tell_nothing(sub_state):
    assert standing("Distributing", sub_state, read_after=2).phase is Phase.UNKNOWN
