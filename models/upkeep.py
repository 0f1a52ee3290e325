"""What keeps an image current without anybody asking: looks, what they find due, and the runs that come of it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from models.configuration import Approval
from models.message import Message
from models.pipeline_run import PipelineRun, Scope, Starter
from models.scripts import ScriptContent


class LookReason(StrEnum):
    """What asks for a look."""

    UPLOAD = "upload"
    TIMER = "timer"
    RUN_ENDED = "run ended"


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class LookRequest(Message):
    """Asks to look whether a run of the image is due.

    `changed_at` is the time of an upload: the look waits until `quiet_seconds` have passed since the last one. Events
    bring it, and one that names no zone means UTC.
    """

    image: str
    reason: LookReason
    changed_at: Annotated[datetime, AfterValidator(_in_utc)] | None = None
    quiet_seconds: float = 0


class Upkeep(Message):
    """Starts the orchestration `keep_image_current`, and carries it over each continue-as-new.

    `look_at` is when the look is made that was asked for, None while nothing asks for one; `wake_at` is when the next
    look is made if nothing does; `looked_at` is when the last one was made, `recheck_seconds` how long the last wait
    for another run's end was.
    """

    image: str
    look_at: datetime | None = None
    wake_at: datetime | None = None
    looked_at: datetime | None = None
    recheck_seconds: float | None = None

    @property
    def next_look(self) -> datetime | None:
        """When the next look is made. One that was asked for is not made earlier than it asks for."""
        return self.look_at or self.wake_at


class ImageLook(Message):
    """Asks what is due for an image at a moment: the orchestration's, which tests can jump."""

    image: str
    now: datetime


class PipelineInstance(Message):
    """Names the instance of the durable engine that an image's runs are, one after another."""

    instance_id: str


class LastRun(Message):
    """The run that the durable engine has as an image's last one, whether or not it is over; None where it has none."""

    run_id: str | None = None


class DueRun(Message):
    """A run that is due: what it is to do, and why; it gets its id when it is started."""

    scope: Scope
    environments: tuple[str, ...]
    started_by: Starter
    approvals: dict[str, Approval]
    scripts: tuple[ScriptContent, ...] = ()


class LookResult(Message):
    """What a look found: a run that is due, else a patch run to be recorded as skipped, else nothing.

    `quiet_at` is when uploads that changed something will have been quiet for long enough, if they have not been yet;
    `next_at` is when something will be due by itself: the next patch run. `remark` is a sentence for the log, where
    there is anything to say.
    """

    due: DueRun | None = None
    skipped: Starter | None = None
    quiet_at: datetime | None = None
    next_at: datetime | None = None
    remark: str | None = None


class PipelineStart(Message):
    """Asks to start a pipeline run as an instance of the durable engine, unless that instance is running.

    `last_run` is what was the last one when a look began that found the run due. Where another one came since, it is
    not started: what that one built may have changed what the look found.
    """

    orchestrator: str
    instance_id: str
    run: PipelineRun
    last_run: LastRun | None = None


class PipelineStarted(Message):
    """The run that was started, or the one that kept it from being started."""

    run_id: str
    started: bool
