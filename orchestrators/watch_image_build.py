"""Watches the run of an image template to its end.

1. waits until a reading is due by the policy, an event says that the run may have ended, or it is to be canceled;
2. reads the run and shows how far it is, also where Azure does not answer for a while, or refuses to;
3. cancels the build once it is past its deadline, or the run is canceled, and goes on watching until Azure says that
   it is over;
4. starts over with an empty history every so often.

An event only makes it look, and not more often than the policy allows: whoever sent it, whatever it told, how late and
how often it comes.
"""

import hashlib
from datetime import datetime, timedelta
from enum import Enum, auto

from activities.image_templates import cancel_image_run, get_image_run
from models.errors import StepFailed
from models.failure import Failure
from models.image_build import ImageBuildEnd, ImageBuildWatch, NoticedBy
from orchestrators.cancellation import Cancellation
from orchestrators.durable import (
    FEW_RETRIES,
    Context,
    Steps,
    call_activity,
    continue_as_new,
    expect_event,
    log,
    now,
    show,
)
from policies.builds.poll_interval import build_poll_interval, is_fruitless, look_gap, second_look
from policies.builds.progress import BUILD_TIMED_OUT, CANCELING_ALLOWANCE, advanced, is_gone
from policies.builds.standing import build_standing

LOOK_EVENT = "look"
# Readings, events that came, and further tries: all of them make the history longer.
STEPS_PER_HISTORY = 30
# A reading at the deadline must not come a moment too early for it.
JUST_AFTER = timedelta(seconds=1)


class _Why(Enum):
    """Why the run is read."""

    DUE = auto()
    EVENT = auto()
    SECOND_LOOK = auto()


class _LookEvents:
    """The events that say to look."""

    def __init__(self, context: Context, *, one_has_come: bool) -> None:
        self._context = context
        self._one_has_come = one_has_come
        self.task = expect_event(context, LOOK_EVENT)

    @property
    def have_come(self) -> bool:
        """Say whether there was one since the last `take`."""
        return self._one_has_come or self.task.is_complete

    def take(self) -> int:
        """Forget those that have come, for the reading that follows answers them all; returns how many."""
        taken, self._one_has_come = 0, False
        while self.task.is_complete:
            taken += 1
            self.task = expect_event(self._context, LOOK_EVENT)
        return taken


def instance_id(template_id: str) -> str:
    """Return the instance id of the watch over a template's run.

    It is made of the template's resource id alone, which is all that an event tells. Azure spells ids in whatever case
    it likes.
    """
    known_as = template_id.lower()
    return f"{known_as.rpartition('/')[2]}-{hashlib.sha256(known_as.encode()).hexdigest()[:12]}"


def watch_image_build(context: Context, watch: ImageBuildWatch) -> Steps[ImageBuildEnd]:
    """Return how the build ended, whatever the end is."""
    cancellation = Cancellation(context)
    events = _LookEvents(context, one_has_come=watch.event_has_come)
    steps = 0
    while not watch.progress.run_state.finished:
        began = now(context)
        watch = yield from _canceled_where_due(context, watch, cancellation)
        steps += _tries_since(began, context, in_vain=watch.to_cancel_because is not None)
        if steps >= STEPS_PER_HISTORY:
            continue_as_new(context, watch.model_copy(update={"event_has_come": events.have_come}))
            break
        why = yield from _wait(context, watch, cancellation, events)
        steps += 1 + events.take()
        began = now(context)
        watch, answered = yield from _read(context, watch, why)
        steps += _tries_since(began, context, in_vain=not answered)
    return ImageBuildEnd(progress=watch.progress, canceled_because=watch.canceled_because)


def _tries_since(moment: datetime, context: Context, *, in_vain: bool) -> int:
    """Return how many tries were made at most: there is a second between them, or more."""
    seconds = int((now(context) - moment).total_seconds())
    return max(seconds, FEW_RETRIES.max_number_of_attempts if in_vain else 0)


def _canceled_where_due(context: Context, watch: ImageBuildWatch, cancellation: Cancellation) -> Steps[ImageBuildWatch]:
    """Cancel the build if it is to be; raises StepFailed where one that was canceled does not end."""
    is_late = now(context) > watch.deadline
    if watch.canceled_because is not None:
        if is_late:
            raise StepFailed(watch.canceled_because)
        return watch
    reason = watch.to_cancel_because or (_timed_out(watch) if is_late else cancellation.failure)
    if reason is None:
        return watch
    since = watch.cancel_tried_since or now(context)
    try:
        yield from call_activity(context, cancel_image_run, watch.template, FEW_RETRIES)
    except StepFailed as failed:
        if is_gone(failed.failure):
            raise
        if now(context) > watch.deadline + CANCELING_ALLOWANCE:
            raise failed.tried_for(now(context) - since) from failed
        # It goes on in Azure, canceled or not: it is watched, and canceled again after the next reading.
        log(context, f"the run of {watch.template.name} could not be canceled: {failed}")
        return watch.model_copy(update={"to_cancel_because": reason, "cancel_tried_since": since})
    canceled_at = now(context)
    # How long builds take says nothing of how long a cancellation does.
    begins_anew = {"watched_since": canceled_at, "read_at": None, "history": ()}
    canceled = {"canceled_because": reason, "to_cancel_because": None, "deadline": canceled_at + CANCELING_ALLOWANCE}
    return watch.model_copy(update={**canceled, **begins_anew})


def _wait(context: Context, watch: ImageBuildWatch, cancellation: Cancellation, events: _LookEvents) -> Steps[_Why]:
    """Wait until the run is to be read, and return why. A wish to cancel ends the waiting."""
    read_at = watch.read_at or watch.watched_since
    elapsed = read_at - watch.watched_since
    standing = build_standing(watch.progress, watch.watched_since, read_at)
    pause, why = build_poll_interval(standing, watch.history), _Why.DUE
    if watch.looked_for_event and second_look(elapsed, watch.fruitless_looks) < pause:
        pause, why = second_look(elapsed, watch.fruitless_looks), _Why.SECOND_LOOK
    due = read_at + pause
    if watch.deadline > now(context):
        due = min(due, watch.deadline + JUST_AFTER)
    if not events.have_come:
        yield from cancellation.sleep(max(due - now(context), timedelta(0)), events.task)
        if not events.have_come:
            return why
    may_look = read_at + look_gap(watch.fruitless_looks)
    if may_look < due:
        due, why = may_look, _Why.EVENT
    if due > now(context):
        yield from cancellation.sleep(due - now(context))
    return why


def _read(context: Context, watch: ImageBuildWatch, why: _Why) -> Steps[tuple[ImageBuildWatch, bool]]:
    """Return the watch with one more reading of the run, and whether Azure answered it."""
    answered = True
    try:
        run = yield from call_activity(context, get_image_run, watch.template, FEW_RETRIES)
    except StepFailed as failed:
        if is_gone(failed.failure):
            raise
        # The build goes on whatever Azure answers: only the deadline ends it then.
        log(context, f"the run of {watch.template.name} could not be read: {failed}")
        progress, answered = watch.progress, False
    else:
        progress = advanced(watch.progress, run, now(context))
        if run.state.finished:
            noticed_by = NoticedBy.POLL if why is _Why.DUE else NoticedBy.EVENT
            progress = progress.model_copy(update={"noticed_by": noticed_by})
        show(context, progress)
    read_at, looked = now(context), why is _Why.EVENT
    seen = watch.model_copy(
        update={
            "progress": progress,
            "read_at": read_at,
            "looked_for_event": looked,
            "fruitless_looks": watch.fruitless_looks + (looked and is_fruitless(read_at - watch.watched_since)),
        }
    )
    return seen, answered


def _timed_out(watch: ImageBuildWatch) -> Failure:
    return Failure(
        code=BUILD_TIMED_OUT,
        message=f"The build was not over by {watch.deadline:%Y-%m-%d %H:%M:%S} UTC and was canceled.",
        what_to_do="See customization.log for the step that takes so long, or raise buildTimeoutInMinutes.",
    )
