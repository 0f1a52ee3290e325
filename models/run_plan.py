"""What a run would do, before it is started."""

from models.faults import Fault, Remark
from models.message import Message
from models.pipeline_run import Scope


class PlannedStep(Message):
    """A step of a stage, and what it does: a sentence for each resource."""

    name: str
    does: tuple[str, ...]


class PlannedStage(Message):
    """One environment; there are no steps where the files that it needs have faults."""

    environment: str
    steps: tuple[PlannedStep, ...]
    remarks: tuple[Remark, ...]


class RunningRun(Message):
    """The run of an image that is on, and where it is shown."""

    id: str
    status_url: str


class RunPlan(Message):
    """The plan of a run and all that speaks against it; `image` and `scope` are None where `pipeline.json` is wrong.

    `running` is the run of the image that is on: a start is refused until it is over.
    """

    image: str | None
    scope: Scope | None
    environments: tuple[PlannedStage, ...]
    faults: tuple[Fault, ...]
    running: RunningRun | None = None
