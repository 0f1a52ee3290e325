"""Finds what earlier crashes left, ends or removes what is surely ours and at rest, and reports all of it.

1. lists image templates and staging groups, side by side;
2. ends what was left of runs: orchestrations that go on are asked to cancel, records get their end, builds that nobody
   watches are canceled, image templates of which nothing will come are removed, with their build logs kept;
3. removes image versions and managed images that builds left half made;
4. finds staging groups without an image template;
5. clears the app's own storage account of what nobody needs;
6. writes the report, and a line to the log for each thing.

What one question finds does not hang on whether another is answered.
"""

from itertools import chain

from activities.image_templates import list_image_templates
from activities.leftovers import delete_old_notes, delete_unused_contents, list_staging_groups, publish_leftovers
from models.errors import StepFailed
from models.failure import Failure
from models.leftovers import Leftover, LeftoversReport, Moment, Remedy, Subscription, Sweep
from models.message import Message
from orchestrators.durable import Context, Pending, Steps, call_activity, now, outcomes, schedule_activity, warn
from orchestrators.half_made import sweep_half_made
from orchestrators.left_runs import sweep_runs
from policies.removal.leftovers import left_staging_groups


def instance_id() -> str:
    """Return the instance id of the sweep: there is one at a time."""
    return "sweep"


def sweep_leftovers(context: Context, sweep: Sweep) -> Steps[LeftoversReport]:
    """Return what was found, and what became of it."""
    unanswered: list[str] = []
    subscriptions = dict.fromkeys(group.subscription_id for group in sweep.groups)
    templates = yield from _answers(
        [schedule_activity(context, list_image_templates, group) for group in sweep.groups], unanswered
    )
    staging = yield from _answers(
        [schedule_activity(context, list_staging_groups, Subscription(id=one)) for one in subscriptions], unanswered
    )
    found = [one for listed in templates if listed for one in listed.templates]
    leftovers: list[Leftover] = []
    for part in (
        sweep_runs(context, sweep, found),
        sweep_half_made(context, sweep.distribution_targets, unanswered),
    ):
        try:
            leftovers += yield from part
        except StepFailed as failed:
            unanswered.append(str(failed))
    names = {
        (group.subscription_id, group.resource_group.lower()): [one.template.name for one in listed.templates]
        for group, listed in zip(sweep.groups, templates, strict=True)
        if listed
    }
    groups = chain.from_iterable(one.groups for one in staging if one)
    leftovers += left_staging_groups(groups, names, now(context))
    moment = Moment(now=now(context))
    stored = [schedule_activity(context, clear, moment) for clear in (delete_unused_contents, delete_old_notes)]
    leftovers += chain.from_iterable(one.leftovers for one in (yield from _answers(stored, unanswered)) if one)
    report = LeftoversReport(leftovers=tuple(leftovers), swept_at=now(context), unanswered=tuple(unanswered))
    for sentence in (*map(_line, leftovers), *unanswered):
        warn(context, sentence)
    yield from call_activity(context, publish_leftovers, report)
    return report


def _answers[T: Message](pending: list[Pending[T]], unanswered: list[str]) -> Steps[list[T | None]]:
    """Return the answers, None for a question that got none, which is told of in `unanswered`."""
    found = yield from outcomes(pending)
    unanswered += [f"{one.code}: {one.message}" for one in found if isinstance(one, Failure)]
    return [None if isinstance(one, Failure) else one for one in found]


def _line(leftover: Leftover) -> str:
    done = "left for somebody to see" if leftover.remedy is Remedy.REPORTED else leftover.remedy.lower()
    if leftover.failure:
        done = f"not {done}, for {leftover.failure.code}: {leftover.failure.message}"
    return f"{leftover.kind} {leftover.name}: {done}. {leftover.because}"
