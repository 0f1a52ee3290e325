"""Finds out whether a run of an image is due: for changed scripts, or because it is time for the month's patch."""

from datetime import datetime

from activities.image_facts import KnownImage, compare, know_image
from activities.run_scripts import find_packaged, read_with_uploads
from azure_clients import records
from azure_clients.connection import AzureClients
from configuration.settings import Settings
from models.configuration import PatchSchedule
from models.pipeline_run import Scope, Starter
from models.upkeep import DueRun, ImageLook, Look
from policies.approvals import approvals_of
from policies.image_state import last_run_with_scripts
from policies.patch_schedule import TIMER, PatchVerdict, next_patch, patch_decision
from policies.rebuild import patch_scope
from policies.scope_work import Work, work_of
from policies.script_changes import changed_uploads

# Runs whose outcome matters for the schedule.
RUNS_OF_SCHEDULE = 500
UPLOAD = "upload"


async def find_due_run(azure: AzureClients, settings: Settings, asked: ImageLook) -> Look:
    """Look whether a run of an image is due, whatever asked for the look.

    Azure: LIST and GET of blobs of the app's account (uploads, records), PUT of scripts by their content; GET or LIST
    of the image's source.
    Repeat: looks again.
    """
    reading = await read_with_uploads(azure, settings)
    image = reading.image(asked.image)
    if reading.pipeline is None or image is None:
        return Look(remark=f"{asked.image} cannot be kept current: pipeline.json has faults, or does not know it.")
    next_at = next_patch(asked.now, image.schedule).moment if image.schedule else None
    environments = tuple(environment.name for environment in reading.pipeline.environments)
    faults = reading.faults_for(environments, image.name)
    if faults:
        first = f"{faults[0].file}: {faults[0].path}: {faults[0].problem}"
        remark = f"{image.name} cannot be kept current: its files have {len(faults)} faults, the first is {first}."
        return Look(next_at=next_at, remark=remark)
    known = await know_image(azure, settings, reading, image.name, environments)
    changed = await _changed_uploads(settings, known)
    if changed:
        due = DueRun(
            scope=Scope.ONLY_ASSETS_AND_IMAGE,
            environments=environments,
            started_by=Starter(kind=UPLOAD, reason=f"Scripts were changed: {', '.join(changed)}."),
            approvals=approvals_of(reading.pipeline, environments),
            scripts=known.contents,
        )
        return Look(due=due, next_at=next_at)
    patch = await _patch(azure, known, image.schedule, asked.now) if image.schedule else Look()
    return patch.model_copy(update={"next_at": next_at})


async def _changed_uploads(settings: Settings, known: KnownImage) -> tuple[str, ...]:
    """Return the scripts that were uploaded, or whose upload was removed, since the image was last built."""
    last = last_run_with_scripts(known.latest)
    packaged = await find_packaged(settings, [script.path for script in known.contents])
    return changed_uploads(known.contents, last.scripts if last else (), packaged)


async def _patch(azure: AzureClients, known: KnownImage, schedule: PatchSchedule, now: datetime) -> Look:
    """Look whether the month's patch is due; nothing is built where nothing would come out otherwise."""
    outcomes = await records.list_newest(azure, RUNS_OF_SCHEDULE, known.name)
    decision = patch_decision(now, schedule, outcomes)
    patch = Starter(kind=TIMER, month=decision.of.month, reason=decision.because)
    if decision.verdict is PatchVerdict.NOT_DUE:
        return Look()
    if decision.verdict is PatchVerdict.PAUSED:
        return Look(skipped=patch, remark=decision.because)
    comparisons = await compare(azure, known, schedule.environments)
    reasons = dict.fromkeys(reason for comparison in comparisons for reason in comparison.changes)
    if not reasons and not schedule.always:
        because = f"Nothing to do for {decision.of.month}: source, scripts and configuration are as in the last image."
        return Look(skipped=patch.model_copy(update={"reason": because}))
    scope = patch_scope(comparisons)
    due = DueRun(
        scope=scope,
        environments=schedule.environments,
        started_by=patch.model_copy(update={"reason": " ".join([decision.because, *reasons])}),
        approvals=approvals_of(known.reading.pipeline, schedule.environments),
        scripts=known.contents if Work.UPLOAD in work_of(scope) else (),
    )
    return Look(due=due)
