"""How the images stand: what was built last in each environment, and whether that is to be built anew."""

from datetime import datetime

from models.configuration import OsType
from models.message import Message
from models.pipeline_record import BuiltScript
from models.pipeline_run import Starter


class BuiltImage(Message):
    """The last image of a successful build in an environment, and where it comes from; its age is in seconds."""

    image_version_id: str | None
    replication_state: str | None
    exact_source_version: str | None
    scripts: tuple[BuiltScript, ...]
    run_id: str
    started_by: Starter
    built_at: datetime
    age_seconds: float


class ImageInEnvironment(Message):
    """An image in one environment; `rebuild_because` says why it would come out otherwise now, if it would."""

    environment: str
    latest: BuiltImage | None
    rebuild_is_due: bool
    rebuild_because: tuple[str, ...]


class PatchOutlook(Message):
    """The month of the last patch that was due, and when the next one is.

    `because` says what became of the last one, or why the schedule pauses.
    """

    month: str
    because: str
    next_at: datetime
    paused: bool


class ImageOverview(Message):
    """An image of the pipeline; `run_on` is the id of the run that is on, `faults` how many its files have."""

    name: str
    os_type: OsType
    run_on: str | None
    patch: PatchOutlook | None
    faults: int
    environments: tuple[ImageInEnvironment, ...]


class ImagesList(Message):
    """The images of the pipeline."""

    images: tuple[ImageOverview, ...]
