"""What a sweep asks, and what it removes: each activity is one question about what earlier crashes left."""

from azure_clients import durable_engine, leftovers, records, refused_uploads, resource_groups, script_contents
from azure_clients.connection import AzureClients
from azure_clients.durable_engine import EngineClient
from azure_clients.few_at_once import few_at_once
from models.instance_state import InstancesAsked, InstancesFound
from models.leftovers import (
    Leftover,
    LeftoverKind,
    Leftovers,
    LeftoversReport,
    Moment,
    RecordedRun,
    RecordedRuns,
    Remedy,
    RunsAsked,
    StagingGroups,
    Subscription,
)
from models.pipeline_record import PipelineRecord, PipelineRunSummary
from models.stage_messages import Done
from models.state import State
from policies.removal.stored_leftovers import MOST_RECORDS, MOST_REMOVED, NOTE_LIFETIME, is_unused, outdated_before
from policies.runs.standing import BROKEN_OFF
from policies.upkeep.uploads import quoted

# What a run builds with is fixed, so its record is read once, by whichever try; all of them whole would be too much for
# the memory of a small host.
_known_scripts: dict[str, frozenset[str]] = {}


async def list_recorded_runs(azure: AzureClients, asked: RunsAsked) -> RecordedRuns:
    """Tell what is recorded of runs: of those that are asked about, and of all in which something may still go on.

    Azure: LIST and GET of blobs of the app's account.
    Repeat: reads again.
    """
    listed = await records.list_newest(azure, MOST_RECORDS)
    going_on = {summary.id for summary in listed if _may_go_on(summary)}
    return RecordedRuns(
        runs=tuple(_recorded(record) for record in await _read(azure, sorted(going_on | set(asked.run_ids))))
    )


async def list_instances(engine: EngineClient, asked: InstancesAsked) -> InstancesFound:
    """Tell how instances of the durable engine stand.

    Azure: GetInstance of the durable engine.
    Repeat: looks again.
    """
    states = await few_at_once(lambda instance_id: durable_engine.look(engine, instance_id), asked.ids)
    return InstancesFound(states=tuple(states))


async def list_staging_groups(azure: AzureClients, subscription: Subscription) -> StagingGroups:
    """Return the resource groups that Azure Image Builder made in a subscription.

    Azure: LIST Microsoft.Resources/resourceGroups of a subscription.
    Repeat: reads again.
    """
    return StagingGroups(groups=await resource_groups.list_staging(azure, subscription.id))


async def delete_unused_contents(azure: AzureClients, moment: Moment) -> Leftovers:
    """Remove the contents of scripts that were kept for runs that never came to be.

    One that a run asks for meanwhile stays: it is another version of its blob then.

    Azure: LIST, GET and conditional DELETE of blobs of the app's account.
    Repeat: finds nothing left to remove.
    """
    kept = await script_contents.list_kept(azure)
    # Read after the list: whatever run comes later asks for its contents after it, too.
    runs = await records.list_newest(azure, MOST_RECORDS)
    if len(runs) == MOST_RECORDS:
        return Leftovers()
    named = frozenset().union(*await few_at_once(lambda run: _named_by(azure, run.id), runs))
    unused = [one for one in kept if is_unused(one.sha256, one.asked_for_at, named, moment.now)][:MOST_REMOVED]
    were_removed = await few_at_once(lambda one: script_contents.remove(azure, one), unused)
    because = "It was kept for a run that did not come to be: no record names it."
    return Leftovers(
        leftovers=tuple(
            Leftover(kind=LeftoverKind.SCRIPT_CONTENT, name=one.sha256, because=because, remedy=Remedy.REMOVED)
            for one, was_removed in zip(unused, were_removed, strict=True)
            if was_removed
        )
    )


async def delete_old_notes(azure: AzureClients, moment: Moment) -> Leftovers:
    """Remove notes on refused uploads that are too old to be of use, as many as one sweep may.

    Azure: LIST, GET and DELETE of blobs of the app's account.
    Repeat: finds nothing left to remove, or does what the next sweep would.
    """
    paths = await refused_uploads.remove_before(azure, outdated_before(moment.now), MOST_REMOVED)
    because = f"The note on this upload of no use was older than {NOTE_LIFETIME.days} days."
    return Leftovers(
        leftovers=tuple(
            Leftover(kind=LeftoverKind.UPLOAD_NOTE, name=quoted(path), because=because, remedy=Remedy.REMOVED)
            for path in paths
        )
    )


async def publish_leftovers(azure: AzureClients, report: LeftoversReport) -> Done:
    """Write the report of a sweep in place of the one before.

    Azure: PUT of one blob of the app's account.
    Repeat: writes the same report in the same place.
    """
    await leftovers.put_report(azure, report)
    return Done()


async def _named_by(azure: AzureClients, run_id: str) -> frozenset[str]:
    """Return the SHA-256 of the scripts that the record of a run names."""
    if run_id not in _known_scripts:
        record = await records.find(azure, run_id)
        if record is None:
            return frozenset()
        _known_scripts[run_id] = frozenset(script.sha256 for script in record.scripts)
    return _known_scripts[run_id]


def _may_go_on(run: PipelineRunSummary) -> bool:
    return run.ended_at is None or run.state is State.TRIGGERED


def _recorded(record: PipelineRecord) -> RecordedRun:
    builds = [stage.build for stage in record.stages if stage.build]
    # A run may have failed in one environment while its build in another goes on without it.
    goes_on = record.ended_at is None or any(stage.state is State.TRIGGERED for stage in record.stages)
    return RecordedRun(
        id=record.id,
        broken_off=record.failure is not None and record.failure.code in BROKEN_OFF,
        template_names=tuple(build.template_name for build in builds),
        ended_builds=tuple(build.template_name for build in builds if build.run_state.finished),
        artifacts=tuple(output.artifact for stage in record.stages if stage.result for output in stage.result.outputs),
        record=record if goes_on else None,
    )


async def _read(azure: AzureClients, run_ids: list[str]) -> list[PipelineRecord]:
    """Read the records of runs; those that are not there are left out."""
    return [record for record in await few_at_once(lambda run_id: records.find(azure, run_id), run_ids) if record]
