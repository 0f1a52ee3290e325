from datetime import timedelta

import pytest

from models.image_build import ImageBuildProgress, ImageRunState
from models.pipeline_record import StageRecord
from models.scripts import ScriptContent
from models.state import State
from policies.upkeep.given_scripts import MOST_TRIES, PAUSE_BETWEEN_TRIES, given_scripts
from tests.policies.upkeep.patching import at, run

NOW = at("2026-03-11 12:00")
OLD, NEW = ((ScriptContent(path="linux/a.sh", sha256=letter * 64),) for letter in "on")


def ended(hours_ago, scripts, state=State.FAILED, *, built=False):
    moment = NOW - timedelta(hours=hours_ago)
    # Where a build could not be started, its template is there.
    state_of_build = ImageRunState.FAILED if built else ImageRunState.NOT_STARTED
    build = ImageBuildProgress(template_name="t", template_id="/t", run_state=state_of_build)
    stage = StageRecord(environment="sbx", started_at=moment, state=state, build=build)
    return run("2026-03-11 00:00").model_copy(
        update={"scripts": scripts, "state": state, "started_at": moment, "ended_at": moment, "stages": (stage,)}
    )


def test_without_a_run_nothing_was_given():
    assert given_scripts([], NOW) == ()


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELED, State.RUNNING])
def test_what_was_built_with_is_given_however_it_ended(state):
    assert given_scripts([ended(1, NEW, state, built=True), ended(9, OLD, State.SUCCEEDED, built=True)], NOW) == NEW


def test_what_somebody_canceled_before_the_build_is_given():
    assert given_scripts([ended(1, NEW, State.CANCELED)], NOW) == NEW


def test_what_a_run_could_not_build_is_given_again_after_a_pause():
    built = ended(9, OLD, State.SUCCEEDED, built=True)
    assert given_scripts([ended(PAUSE_BETWEEN_TRIES / timedelta(hours=1) - 0.01, NEW), built], NOW) == NEW
    assert given_scripts([ended(1, NEW), built], NOW) == OLD
    assert given_scripts([ended(1, NEW)], NOW) == ()


def test_what_several_runs_could_not_build_is_given_up():
    built = ended(99, OLD, State.SUCCEEDED, built=True)
    failures = [ended(hours, NEW) for hours in range(1, MOST_TRIES)]
    assert given_scripts([*failures, built], NOW) == OLD
    assert given_scripts([*failures, ended(MOST_TRIES, NEW), built], NOW) == NEW


def test_other_contents_have_tries_of_their_own():
    built = ended(99, OLD, State.SUCCEEDED, built=True)
    failures = [ended(hours, OLD) for hours in range(2, 2 + MOST_TRIES)]
    assert given_scripts([ended(1, NEW), *failures, built], NOW) == OLD
