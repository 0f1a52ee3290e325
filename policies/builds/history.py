"""Reads from the records of an image how long its builds take, and who told of their ends."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.image_build import ImageBuildProgress, ImageRunState, PastBuild, SubStateTimes
from models.pipeline_record import PipelineRecord
from policies.builds.standing import Phase, likely_beginning, phase_of


def build_history(records: Iterable[PipelineRecord], environment: str) -> tuple[PastBuild, ...]:
    """Return the builds that succeeded in an environment, in the order of the records."""
    builds = (
        past_build(stage.build)
        for record in records
        for stage in record.stages
        if stage.environment == environment and stage.build
    )
    return tuple(build for build in builds if build)


def past_build(build: ImageBuildProgress) -> PastBuild | None:
    """Return what a build tells those after it; only one that succeeded says how long one takes that goes well."""
    if build.run_state is not ImageRunState.SUCCEEDED or build.started_at is None or build.ended_at is None:
        return None
    return PastBuild(
        took=build.ended_at - build.started_at,
        distribution=_distribution(build.sub_states, build.ended_at),
        noticed_by=build.noticed_by,
    )


def _distribution(sub_states: tuple[SubStateTimes, ...], ended_at: datetime) -> timedelta | None:
    """Return how long the distribution took, or None where it was never seen, or its beginning not well enough.

    That lies between two readings. Where these are further apart than the distribution took, they say more of when the
    build was read than of the build.
    """
    last = sub_states[-1] if sub_states else None
    if last is None or last.not_yet_at is None or phase_of(last.name) is not Phase.DISTRIBUTION:
        return None
    took = ended_at - likely_beginning(last)
    return took if took >= last.started_at - last.not_yet_at else None
