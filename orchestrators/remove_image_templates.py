"""Removes the earlier image templates of an image.

1. lists the templates of the resource group and leaves alone what is another's, or busy, or built something that is
   still to be recorded;
2. copies the build log of each of the others, which goes with its template;
3. asks Azure to delete them, side by side, and waits until they are gone.

What is refused for one does not stop the others, and nothing of it stops the build.
"""

from datetime import timedelta

from activities.image_templates import (
    delete_image_template,
    get_image_template,
    list_image_templates,
    publish_build_log,
)
from activities.leftovers import list_instances
from models.failure import Failure
from models.instance_state import InstancesAsked
from models.resources import ImageTemplateReference, ProvisioningState
from models.template_removal import FoundImageTemplate, LogCopy, RemovalRecord, RemovedTemplate, TemplateRemoval
from orchestrators import tend_image_build
from orchestrators.durable import Context, Steps, call_activity, now, outcomes, schedule_activity, sleep
from policies.poll_interval import poll_interval
from policies.removal.leftovers import run_of_template
from policies.removal.template_removal import STILL_TENDED, is_of_image, kept_because

# A deletion takes about 80 seconds.
LONGEST_DELETION = timedelta(minutes=30)
AT_A_TIME = 10


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of a stage's removal."""
    return f"{run_id}-{environment}.removal"


def remove_image_templates(context: Context, removal: TemplateRemoval) -> Steps[RemovalRecord]:
    """Return what became of each earlier template of the image."""
    listed = yield from call_activity(context, list_image_templates, removal.group)
    ours = [found for found in listed.templates if is_of_image(found, removal.image, removal.base_name)]
    reasons = {found.template.name: kept_because(found) for found in ours}
    record = [RemovedTemplate(name=name, kept_because=reason) for name, reason in reasons.items() if reason]
    removable = [found for found in ours if reasons[found.template.name] is None]
    tended = yield from _tended(context, removal.environment, removable)
    record += [RemovedTemplate(name=name, kept_because=STILL_TENDED) for name in sorted(tended)]
    removable = [found for found in removable if found.template.name not in tended]
    for start in range(0, len(removable), AT_A_TIME):
        record += yield from _remove(context, removal.run_id, removable[start : start + AT_A_TIME])
    return RemovalRecord(templates=tuple(record))


def _tended(context: Context, environment: str, templates: list[FoundImageTemplate]) -> Steps[set[str]]:
    """Return the names of the templates whose build a run did not wait for, and which is tended instead."""
    tendings = {
        one.template.name: tend_image_build.instance_id(run_id, environment)
        for one in templates
        if (run_id := run_of_template(one))
    }
    if not tendings:
        return set()
    asked = InstancesAsked(ids=tuple(sorted(set(tendings.values()))))
    states = (yield from call_activity(context, list_instances, asked)).states
    going_on = {one.id for one in states if not one.standing.is_over}
    return {name for name, instance_id in tendings.items() if instance_id in going_on}


def _remove(context: Context, run_id: str, found: list[FoundImageTemplate]) -> Steps[list[RemovedTemplate]]:
    copies = [LogCopy(run_id=run_id, template=one) for one in found]
    logs = yield from outcomes([schedule_activity(context, publish_build_log, copy) for copy in copies])
    failures = yield from _delete(context, [one.template for one in found])
    return [
        RemovedTemplate(
            name=one.template.name,
            log_copy=None if isinstance(log, Failure) else log.blob,
            log_failure=log if isinstance(log, Failure) else None,
            failure=failures.get(one.template.name),
        )
        for one, log in zip(found, logs, strict=True)
    ]


def _delete(context: Context, templates: list[ImageTemplateReference]) -> Steps[dict[str, Failure]]:
    """Delete templates side by side and wait until they are gone; return the failures, by name."""
    failures: dict[str, Failure] = {}
    began = now(context)
    deletions = [schedule_activity(context, delete_image_template, template) for template in templates]
    waiting: list[ImageTemplateReference] = []
    for template, outcome in zip(templates, (yield from outcomes(deletions)), strict=True):
        if isinstance(outcome, Failure):
            failures[template.name] = outcome
        else:
            waiting.append(template)
    while waiting:
        elapsed = now(context) - began
        if elapsed > LONGEST_DELETION:
            late = Failure(code="DeletionTimedOut", message=f"It was still there after {elapsed}.")
            return failures | {template.name: late for template in waiting}
        yield from sleep(context, poll_interval(elapsed))
        reads = yield from outcomes([schedule_activity(context, get_image_template, one) for one in waiting])
        still_there: list[ImageTemplateReference] = []
        for template, state in zip(waiting, reads, strict=True):
            if isinstance(state, Failure):
                failures[template.name] = state
            elif state.state is not ProvisioningState.ABSENT:
                still_there.append(template)
        waiting = still_there
    return failures
