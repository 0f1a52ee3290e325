"""Decides with which contents of scripts an image need not be built again."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from models.image_build import ImageRunState
from models.pipeline_record import PipelineRecord
from models.scripts import ScriptContent
from models.state import State

# What kept a run from building may pass by itself, and if it does not, somebody has to mend it.
PAUSE_BETWEEN_TRIES = timedelta(minutes=30)
MOST_TRIES = 4


def given_scripts(runs: Sequence[PipelineRecord], now: datetime) -> tuple[ScriptContent, ...]:
    """Return the contents of the last run that was given some to build with, however its build ended.

    What was built with need not be built with again: a script that fails does so once. A run that failed before it
    could build has tried nothing: after a pause its contents count as not given, a few times. `runs` are those that
    were given contents, newest first; without one nothing was given.
    """
    fruitless = list(itertools.takewhile(_failed_before_building, runs))
    tried = runs[len(fruitless) :]
    if fruitless:
        last = fruitless[0]
        tries = sum(run.scripts == last.scripts for run in fruitless)
        if tries >= MOST_TRIES or now - (last.ended_at or last.started_at) < PAUSE_BETWEEN_TRIES:
            return last.scripts
    return tried[0].scripts if tried else ()


def _failed_before_building(run: PipelineRecord) -> bool:
    has_built = any(stage.build and stage.build.run_state is not ImageRunState.NOT_STARTED for stage in run.stages)
    return run.state is State.FAILED and not has_built
