"""The run of an image template, in Azure Image Builder's words."""

from datetime import datetime, timedelta
from enum import StrEnum

from models.failure import Failure
from models.message import Message
from models.resources import ImageTemplateReference


class ImageRunState(StrEnum):
    """The run states of Azure Image Builder, and two of ours.

    `NotStarted` is a template that has no run yet, `Unknown` a word that this version does not know: no end, and no
    success.
    """

    NOT_STARTED = "NotStarted"
    UNKNOWN = "Unknown"
    RUNNING = "Running"
    CANCELING = "Canceling"
    SUCCEEDED = "Succeeded"
    PARTIALLY_SUCCEEDED = "PartiallySucceeded"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def finished(self) -> bool:
        """Say whether the run is over, however it ended."""
        return self in {
            ImageRunState.SUCCEEDED,
            ImageRunState.PARTIALLY_SUCCEEDED,
            ImageRunState.FAILED,
            ImageRunState.CANCELED,
        }


class ImageRun(Message):
    """The last run of an image template as Azure tells it now.

    `sub_state` is Queued, Building, Customizing, Optimizing, Validating or Distributing while it runs, or the word
    itself of a state that is unknown; `message` is the service's own text, empty while all is well; times are the
    service's.
    """

    state: ImageRunState
    sub_state: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class NoticedBy(StrEnum):
    """What made us see that a build was over: an event that told to look, or a reading whose time had come."""

    EVENT = "event"
    POLL = "poll"


class PastBuild(Message):
    """An earlier build of the same image in the same environment that succeeded.

    `distribution` is how much of the time its distribution took, None where that is not known well enough.
    """

    took: timedelta
    distribution: timedelta | None = None
    noticed_by: NoticedBy | None = None


class SubStateTimes(Message):
    """When a sub-state was first seen, and when another was; `not_yet_at` is the reading before the first.

    It began between `not_yet_at` and `started_at`: Azure tells no times of sub-states.
    """

    name: str
    not_yet_at: datetime | None = None
    started_at: datetime
    ended_at: datetime | None = None


class ImageBuildProgress(Message):
    """A build as it is watched: the run's state and the sub-states it went through, as Azure told them at `seen_at`."""

    template_name: str
    template_id: str
    run_state: ImageRunState = ImageRunState.NOT_STARTED
    run_sub_state: str | None = None
    seen_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    sub_states: tuple[SubStateTimes, ...] = ()
    message: str | None = None
    noticed_by: NoticedBy | None = None


class ImageBuildWatch(Message):
    """Starts the orchestration `watch_image_build`, and carries it over each continue-as-new.

    The build is canceled when it still runs at `deadline`; `canceled_because` then says why it was, and
    `to_cancel_because` why it is to be, while Azure does not answer to that, which was first tried at
    `cancel_tried_since`. `history` are the last builds of this image, newest first. The rest is how far the watching
    is: when the run was last read, how many readings an event caused in vain, whether the last reading was one of
    them, and whether an event has come since.
    """

    template: ImageTemplateReference
    progress: ImageBuildProgress
    watched_since: datetime
    deadline: datetime
    canceled_because: Failure | None = None
    to_cancel_because: Failure | None = None
    cancel_tried_since: datetime | None = None
    history: tuple[PastBuild, ...] = ()
    read_at: datetime | None = None
    fruitless_looks: int = 0
    looked_for_event: bool = False
    event_has_come: bool = False


class ImageBuildEnd(Message):
    """How a watched build ended: its last progress, and why it was canceled if we did that."""

    progress: ImageBuildProgress
    canceled_because: Failure | None = None
