"""Finds out whether a run of an image is due: for changed scripts, or because it is time for the month's patch."""

import logging
from datetime import datetime, timedelta

from activities.image_facts import KnownImage, compare, find_given_scripts, find_successful_builds, know_image
from activities.run_scripts import find_packaged, gather_scripts, read_with_uploads
from azure_clients.connection import AzureClients
from configuration.settings import Settings
from models.configuration import PatchSchedule
from models.pipeline_run import Scope, Starter
from models.upkeep import DueRun, ImageLook, LookResult
from policies.runs.approvals import approvals_of
from policies.upkeep.looks import quiet_at
from policies.upkeep.patch_schedule import TIMER, PatchDecision, PatchVerdict, next_patch, patch_decision
from policies.upkeep.rebuild import patch_scope
from policies.upkeep.script_changes import changed_uploads
from telemetry.attributes import Event, named

LOGGER = logging.getLogger("image_bakery")
UPLOAD = "upload"


async def find_due_run(azure: AzureClients, settings: Settings, asked: ImageLook) -> LookResult:
    """Look whether a run of an image is due, whatever asked for the look.

    Azure: LIST and GET of blobs of the app's account (uploads, records), PUT of scripts by their content; GET or LIST
    of the image's source.
    Repeat: looks again.
    """
    reading = await read_with_uploads(azure, settings)
    image = reading.image(asked.image)
    if reading.pipeline is None or image is None:
        return LookResult(
            remark=f"{asked.image} cannot be kept current: pipeline.json has faults, or does not know it."
        )
    next_at = next_patch(asked.now, image.schedule).moment if image.schedule else None
    environments = tuple(environment.name for environment in reading.pipeline.environments)
    faults = reading.faults_for(environments, image.name)
    if faults:
        first = f"{faults[0].file}: {faults[0].path}: {faults[0].problem}"
        remark = f"{image.name} cannot be kept current: its files have {len(faults)} faults, the first is {first}."
        return LookResult(next_at=next_at, remark=remark)
    known = await know_image(azure, settings, reading, image.name, environments)
    packaged = await find_packaged(settings, [script.path for script in known.contents])
    changed = changed_uploads(known.contents, await find_given_scripts(azure, known, asked.now), packaged)
    quiet = timedelta(seconds=settings.upload_quiet_seconds)
    window_ends = quiet_at(changed, known.contents, quiet)
    if window_ends is not None and window_ends > asked.now:
        return LookResult(quiet_at=window_ends, next_at=next_at)
    if changed:
        due = DueRun(
            scope=Scope.ONLY_ASSETS_AND_IMAGE,
            environments=environments,
            started_by=Starter(kind=UPLOAD, reason=f"Scripts were changed: {', '.join(changed)}."),
            approvals=approvals_of(reading.pipeline, environments),
            scripts=await gather_scripts(azure, settings, reading, image.name, environments),
        )
        return LookResult(due=due, next_at=next_at)
    if image.schedule is None:
        return LookResult()
    patch = await _patch(azure, known, image.schedule, asked.now)
    due = patch.due
    if due is not None:
        scripts = await gather_scripts(azure, settings, reading, image.name, due.environments)
        due = due.model_copy(update={"scripts": scripts})
    return patch.model_copy(update={"due": due, "next_at": next_at})


async def _patch(azure: AzureClients, known: KnownImage, schedule: PatchSchedule, now: datetime) -> LookResult:
    """Look whether the month's patch is due; nothing is built where nothing would come out otherwise."""
    decision = patch_decision(now, schedule, known.outcomes)
    _tell_look(decision)
    patch = Starter(kind=TIMER, month=decision.of.month, reason=decision.because)
    if decision.verdict is PatchVerdict.NOT_DUE:
        return LookResult()
    if decision.verdict is PatchVerdict.PAUSED:
        return LookResult(skipped=patch, remark=decision.because)
    built = await find_successful_builds(azure, known)
    comparisons = await compare(azure, known, built, schedule.environments)
    reasons = dict.fromkeys(reason for comparison in comparisons for reason in comparison.changes)
    if not reasons and not schedule.always:
        because = f"Nothing to do for {decision.of.month}: source, scripts and configuration are as in the last image."
        return LookResult(skipped=patch.model_copy(update={"reason": because}))
    due = DueRun(
        scope=patch_scope(comparisons),
        environments=schedule.environments,
        started_by=patch.model_copy(update={"reason": " ".join([decision.because, *reasons])}),
        approvals=approvals_of(known.reading.pipeline, schedule.environments),
    )
    return LookResult(due=due)


def _tell_look(decision: PatchDecision) -> None:
    """Tell how the month's patch stands: where no such line comes any more, nothing is patched."""
    month = decision.of
    told = named(
        event=Event.PATCH_LOOK, verdict=decision.verdict, month=month.month, due_since=month.moment.isoformat()
    )
    LOGGER.info("Looked whether to patch: %s", decision.because, extra=told)
