"""A stage that goes on: what all of its steps know."""

from dataclasses import dataclass

from models.pipeline_run import Stage
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context
from orchestrators.stage_log import StageLog


@dataclass(frozen=True)
class OngoingStage:
    """What was asked for, the record so far, and the wish to cancel, which may come."""

    context: Context
    asked: Stage
    log: StageLog
    cancellation: Cancellation


def begin(context: Context, stage: Stage) -> OngoingStage:
    """Begin the record of a stage."""
    cancellation = Cancellation(context)
    return OngoingStage(context, stage, StageLog(context, stage.environment, cancellation), cancellation)
