"""Keeps an image current: gathers what asks for a run, finds out whether one is due, and starts it.

1. waits until something asks for a look: an upload, the patch timer, the end of a run;
2. waits until uploads have been quiet for as long as they ask;
3. looks at what there is, whatever the events said: is a run due, or a patch run to be skipped?
4. starts the run that is due; where another run of the image is on, or was started since the look began, that one's
   end asks for the next look, and so does a timer, in case nobody tells; another timer wakes it when the next patch
   run is due;
5. starts over with an empty history, and waits again: an instance of it never ends.

Events may come late, twice or out of order: they only ask to look.
"""

from datetime import timedelta

from activities.due_runs import find_due_run
from activities.pipeline_starts import find_last_run, start_pipeline_run
from activities.records import publish_record
from models.errors import StepFailed
from models.pipeline_run import PipelineRun
from models.stage_messages import Done
from models.upkeep import ImageLook, LastRun, LookRequest, LookResult, Upkeep
from orchestrators.durable import (
    Context,
    Steps,
    about,
    call_activity,
    continue_as_new,
    expect_event,
    first_of,
    log,
    new_number,
    now,
    show,
    timer,
    warn,
)
from orchestrators.run_pipeline import pipeline_instance, pipeline_start
from orchestrators.upkeep import LOOK_EVENT
from policies.runs.ids import new_run_id
from policies.runs.outcome import skipped_record
from policies.upkeep.looks import asked_to_look, looked, rechecked

EVENTS_PER_HISTORY = 25


def keep_image_current(context: Context, upkeep: Upkeep) -> Steps[Done]:
    """Look, start, and begin anew; when the next look is made is shown."""
    about(context, image=upkeep.image)
    upkeep = yield from _gather(context, upkeep)
    if upkeep.next_look is not None and now(context) >= upkeep.next_look:
        upkeep = yield from _look(context, upkeep)
    continue_as_new(context, upkeep)
    return Done()


def _gather(context: Context, upkeep: Upkeep) -> Steps[Upkeep]:
    """Take up what asks for a look, until it is time for one or the history is long."""
    for _ in range(EVENTS_PER_HISTORY):
        show(context, upkeep)
        asked = expect_event(context, LOOK_EVENT)
        if upkeep.next_look is None:
            yield from first_of(asked)
        else:
            alarm = timer(context, max(upkeep.next_look - now(context), timedelta(0)))
            yield from first_of(asked, alarm)
            if not asked.is_complete:
                # What comes from now on waits for the next history.
                asked.cancel()
                return upkeep
            alarm.cancel()
        upkeep = asked_to_look(upkeep, LookRequest.from_payload(asked.get_result()), now(context))
    return upkeep


def _look(context: Context, upkeep: Upkeep) -> Steps[Upkeep]:
    """Do what a look finds; where another run is on, or Azure does not answer, look again later."""
    looked_at = now(context)
    try:
        last = yield from call_activity(context, find_last_run, pipeline_instance(upkeep.image))
        look = yield from call_activity(context, find_due_run, ImageLook(image=upkeep.image, now=looked_at))
        if (yield from _act(context, upkeep.image, look, last)):
            return looked(upkeep, look, now(context))
    except StepFailed as failed:
        warn(context, f"could not find out whether a run of {upkeep.image} is due: {failed}")
    return rechecked(upkeep, now(context))


def _act(context: Context, image: str, look: LookResult, last: LastRun) -> Steps[bool]:
    """Start what is due, or record what is skipped; False where another run of the image is on, or came first."""
    if look.remark:
        warn(context, look.remark)
    run_id = new_run_id(image, now(context), new_number(context))
    if look.skipped is not None:
        yield from call_activity(context, publish_record, skipped_record(run_id, image, look.skipped, now(context)))
    if look.due is None:
        return True
    due = look.due
    run = PipelineRun(
        id=run_id,
        image=image,
        scope=due.scope,
        environments=due.environments,
        started_by=due.started_by,
        requested_at=now(context),
        remove_image_templates=True,
        approvals=due.approvals,
        scripts=due.scripts,
    )
    started = yield from call_activity(context, start_pipeline_run, pipeline_start(run, last))
    log(context, f"{started.run_id} {'was started' if started.started else 'came first'}: {due.started_by.reason}")
    return started.started
