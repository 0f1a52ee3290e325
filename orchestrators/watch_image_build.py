"""Watches the run of an image template to its end.

1. reads the run and shows how far it is, at growing intervals, also where Azure does not answer for a while;
2. cancels the build once it is past its deadline, or the run is canceled, and goes on watching until Azure says that
   it is over;
3. starts over with an empty history every so often.
"""

from activities.image_templates import cancel_image_run, get_image_run
from models.errors import StepFailed, StepUnanswered
from models.failure import Failure
from models.image_build import ImageBuildEnd, ImageBuildWatch
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, call_activity, continue_as_new, log, now, show
from policies.build_progress import BUILD_TIMED_OUT, CANCELING_ALLOWANCE, advanced
from policies.poll_interval import poll_interval

READS_PER_HISTORY = 30


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of the watch over a stage's build."""
    return f"{run_id}-{environment}.build"


def watch_image_build(context: Context, watch: ImageBuildWatch) -> Steps[ImageBuildEnd]:
    """Return how the build ended, whatever the end is."""
    cancellation = Cancellation(context)
    for _ in range(READS_PER_HISTORY):
        watch = yield from _read(context, watch)
        if watch.progress.run_state.finished:
            return ImageBuildEnd(progress=watch.progress, canceled_because=watch.canceled_because)
        if now(context) > watch.deadline and watch.canceled_because is not None:
            raise StepFailed(watch.canceled_because)
        if watch.canceled_because is None:
            reason = _timed_out(watch) if now(context) > watch.deadline else cancellation.failure
            if reason is not None:
                yield from call_activity(context, cancel_image_run, watch.template)
                watch = watch.model_copy(
                    update={"canceled_because": reason, "deadline": now(context) + CANCELING_ALLOWANCE}
                )
        yield from cancellation.sleep(poll_interval(now(context) - watch.watched_since))
    continue_as_new(context, watch)
    return ImageBuildEnd(progress=watch.progress)


def _read(context: Context, watch: ImageBuildWatch) -> Steps[ImageBuildWatch]:
    """Return the watch with one more reading of the run."""
    try:
        run = yield from call_activity(context, get_image_run, watch.template)
    except StepUnanswered as unanswered:
        # The build goes on while Azure does not answer: only the deadline ends it then.
        log(context, f"the run of {watch.template.name} could not be read: {unanswered}")
        return watch
    watch = watch.model_copy(update={"progress": advanced(watch.progress, run, now(context))})
    show(context, watch.progress)
    return watch


def _timed_out(watch: ImageBuildWatch) -> Failure:
    return Failure(
        code=BUILD_TIMED_OUT,
        message=f"The build was not over by {watch.deadline:%Y-%m-%d %H:%M:%S} UTC and was canceled.",
        what_to_do="See customization.log for the step that takes so long, or raise buildTimeoutInMinutes.",
    )
