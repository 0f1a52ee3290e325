"""A stage that goes on: what all of its steps know."""

from dataclasses import dataclass

from models.errors import StepFailed
from models.pipeline_record import StageRecord
from models.pipeline_run import Stage
from models.state import State
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, about, log
from orchestrators.stage_log import StageLog


@dataclass(frozen=True)
class OngoingStage:
    """What was asked for, the record so far, and the wish to cancel, which may come."""

    context: Context
    asked: Stage
    log: StageLog
    cancellation: Cancellation

    def ended(self, steps: Steps[State]) -> Steps[StageRecord]:
        """Go through the steps, and return the record of the stage, however it ended."""
        try:
            state = yield from steps
        except StepFailed as failed:
            log(self.context, f"the stage {self.asked.environment} ended as {failed.state}: {failed}")
            return self.log.end(failed.state)
        return self.log.end(state)


def begin(context: Context, stage: Stage) -> OngoingStage:
    """Begin the record of a stage."""
    about(context, run=stage.run_id, image=stage.image, environment=stage.environment, step=None)
    cancellation = Cancellation(context)
    return OngoingStage(context, stage, StageLog(context, stage.environment, cancellation), cancellation)
