"""What earlier crashes left: the facts that a sweep gathers, and what it finds."""

from datetime import datetime
from enum import StrEnum

from models.artifacts import DistributionTargets
from models.failure import Failure
from models.message import Message
from models.pipeline_record import PipelineRecord
from models.template_removal import TemplatesOfGroup


class LeftoverKind(StrEnum):
    """What kind of thing was left."""

    RUN = "run"
    BUILD = "build"
    IMAGE_TEMPLATE = "imageTemplate"
    ARTIFACT = "artifact"
    STAGING_GROUP = "stagingGroup"
    SCRIPT_CONTENT = "scriptContent"
    UPLOAD_NOTE = "uploadNote"


class Remedy(StrEnum):
    """What is done about a leftover; `Reported` is nothing but that."""

    REPORTED = "Reported"
    CLOSED = "Closed"
    CANCELED = "Canceled"
    REMOVED = "Removed"


class Leftover(Message):
    """Something that was left: its name or id, the run it comes from, why it is one, and what was done about it.

    `failure` says why that could not be done; the next sweep tries again.
    """

    kind: LeftoverKind
    name: str
    run_id: str | None = None
    because: str
    remedy: Remedy = Remedy.REPORTED
    failure: Failure | None = None


class Leftovers(Message):
    """Things that were left."""

    leftovers: tuple[Leftover, ...] = ()


class LeftoversReport(Leftovers):
    """What the last sweep found, and when; `unanswered` has a sentence for each question that got no answer."""

    swept_at: datetime | None = None
    unanswered: tuple[str, ...] = ()


class Sweep(Message):
    """Starts the orchestration `sweep_leftovers`: what the operator's files name.

    `distribution_targets` are the image definitions and managed images, of one subscription each.
    `tells_watches` says that a build is canceled whose watch outlived all else of its run; sweeps that an earlier
    version began leave it alone.
    """

    images: tuple[str, ...]
    environments: tuple[str, ...]
    groups: tuple[TemplatesOfGroup, ...]
    distribution_targets: tuple[DistributionTargets, ...] = ()
    tells_watches: bool = False


class Subscription(Message):
    """Names a subscription."""

    id: str


class StagingGroup(Message):
    """A resource group that Azure Image Builder made, and the image template that its tags name."""

    subscription_id: str
    name: str
    template_name: str
    template_group: str


class StagingGroups(Message):
    """The staging groups of a subscription."""

    groups: tuple[StagingGroup, ...] = ()


class RunsAsked(Message):
    """Asks what is recorded of these runs, and of all in which something may still go on."""

    run_ids: tuple[str, ...] = ()


class RecordedRun(Message):
    """What is recorded of a run.

    `broken_off` says that it did not come to its own end, `template_names` has the image templates that it built,
    `ended_builds` those of them whose run was seen to end, `artifacts` the ids of what it published. `record` is the
    whole, where something of the run may still go on.
    """

    id: str
    broken_off: bool = False
    template_names: tuple[str, ...] = ()
    ended_builds: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    record: PipelineRecord | None = None


class RecordedRuns(Message):
    """What is recorded of runs."""

    runs: tuple[RecordedRun, ...] = ()


class Moment(Message):
    """The time of an orchestration, which tests can jump."""

    now: datetime
