"""A build of a certain length that is watched: what was read when, and when its end was seen."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from models.approval import CancelRequest, Person
from models.errors import AzureUnavailable
from models.image_build import ImageBuildEnd, ImageBuildProgress, ImageBuildWatch, ImageRun, ImageRunState, PastBuild
from models.resources import ImageTemplateReference
from orchestrators.cancellation import CANCEL_EVENT
from orchestrators.watch_image_build import LOOK_EVENT, instance_id, watch_image_build
from tests.rehearsals.rehearsal import Rehearsal

TEMPLATE = ImageTemplateReference(subscription_id="s", resource_group="rg", name="it-2026-03-11-03-00-02")
WATCH = instance_id(TEMPLATE.id)


class WatchedBuild:
    """One build; `readings` are the moments of the readings, from its start.

    Azure tells the sub-state `before`, and that it distributes in the last part of it. It may fail earlier than that.
    """

    def __init__(
        self,
        takes: timedelta,
        history: Sequence[PastBuild] = (),
        *,
        distributes_for: timedelta | None = None,
        before: str | None = "Customizing",
        fails_after: timedelta | None = None,
        shows_its_end_after: float = 0,
    ) -> None:
        self.takes = takes if fails_after is None else fails_after
        self.readings: list[timedelta] = []
        self.play = Rehearsal({"get_image_run": self._read, "cancel_image_run": self._cancel}, [])
        self._distributes_from = None if distributes_for is None else takes - distributes_for
        self._before = before
        self._shows_its_end_at = self.takes + timedelta(seconds=shows_its_end_after)
        self._state_at_the_end = ImageRunState.SUCCEEDED if fails_after is None else ImageRunState.FAILED
        self._during: dict[int, Callable[[], None]] = {}
        self.began = self.play.now
        self._history = tuple(history)
        self._outage = (timedelta.max, timedelta.max)

    def answers_nothing(self, since: timedelta, until: timedelta) -> None:
        """Let Azure answer no reading for a while."""
        self._outage = (since, until)

    def tell(self, after: timedelta) -> None:
        """Let an event tell the watch to look, so long after the build's start."""
        self.play.raise_event(WATCH, LOOK_EVENT, after=after)

    def end_unseen_during(self, reading: int) -> None:
        """Let the build end during a reading that does not see it, and an event tell of it before that one answers."""

        def end() -> None:
            self.takes = self._shows_its_end_at = self.readings[-1]
            self.play.deliver(WATCH, LOOK_EVENT)

        self._during[reading] = end

    def cancel_during(self, reading: int) -> None:
        """Let the run be canceled during a reading."""
        wish = CancelRequest(who=Person(name="ann", verified=True), reason=None, requested_at=self.began).to_payload()
        self._during[reading] = lambda: self.play.deliver(WATCH, CANCEL_EVENT, wish)

    def watch(self) -> ImageBuildEnd:
        """Watch it to its end."""
        watch = ImageBuildWatch(
            template=TEMPLATE,
            progress=ImageBuildProgress(template_name=TEMPLATE.name, template_id=TEMPLATE.id, seen_at=self.began),
            watched_since=self.began,
            deadline=self.began + timedelta(hours=8),
            history=self._history,
        )
        envelope = self.play.play(watch_image_build, watch, WATCH)
        return ImageBuildEnd.from_payload(envelope["value"])

    @property
    def lag(self) -> timedelta:
        """From the end of the build to the reading that saw it."""
        return self.readings[-1] - self.takes

    def _read(self, _payload: dict[str, Any]) -> ImageRun:
        elapsed = self.play.now - self.began
        since, until = self._outage
        if since <= elapsed < until:
            raise AzureUnavailable("read the run", "ServiceUnavailable", "Azure is out.")
        answer = self._run(elapsed)
        self.readings.append(elapsed)
        self._during.pop(len(self.readings), lambda: None)()
        return answer

    def _run(self, elapsed: timedelta) -> ImageRun:
        if elapsed < self._shows_its_end_at:
            distributes = self._distributes_from is not None and elapsed >= self._distributes_from
            sub_state = "Distributing" if distributes else self._before
            return ImageRun(state=ImageRunState.RUNNING, sub_state=sub_state, started_at=self.began)
        ended_at = self.began + self.takes
        return ImageRun(state=self._state_at_the_end, started_at=self.began, ended_at=ended_at)

    def _cancel(self, _payload: dict[str, Any]) -> ImageRun:
        self._shows_its_end_at = self.play.now - self.began
        self._state_at_the_end = ImageRunState.CANCELED
        return ImageRun(state=ImageRunState.CANCELING)
