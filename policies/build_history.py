"""Reads from the records of an image how long its builds take, and who told of their ends."""

from collections.abc import Iterable

from models.image_build import ImageRunState, PastBuild
from models.pipeline_record import PipelineRecord


def build_history(records: Iterable[PipelineRecord], environment: str) -> tuple[PastBuild, ...]:
    """Return the builds that succeeded in an environment, in the order of the records.

    Others say nothing of how long one takes that goes well.
    """
    builds = (
        stage.build for record in records for stage in record.stages if stage.environment == environment and stage.build
    )
    return tuple(
        PastBuild(took=build.ended_at - build.started_at, noticed_by=build.noticed_by)
        for build in builds
        if build.run_state is ImageRunState.SUCCEEDED and build.started_at and build.ended_at
    )
