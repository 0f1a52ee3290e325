from datetime import UTC, datetime, timedelta

import pytest
from durabletask.worker import TaskHubGrpcWorker

from activities.image_templates import create_image_template
from activities.leftovers import (
    delete_old_notes,
    delete_unused_contents,
    list_instances,
    list_recorded_runs,
    list_staging_groups,
    publish_leftovers,
)
from activities.records import publish_record
from azure_clients import leftovers, own_blobs, refused_uploads, script_contents
from azure_clients.durable_engine import EngineClient
from local.durable_backend.server import DurableBackend
from local.functions_host.durable_bridge import durable_client_binding
from models.failure import Failure
from models.image_build import ImageBuildProgress
from models.instance_state import InstancesAsked, Standing
from models.leftovers import Leftover, LeftoverKind, LeftoversReport, Moment, Remedy, RunsAsked, Subscription
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Starter
from models.scripts import RefusedUpload, ScriptContent
from models.state import State
from tests.conftest import SUBSCRIPTION

NOW = datetime.now(UTC)
LATER = Moment(now=NOW + timedelta(days=2))


@pytest.fixture
async def own(azure):
    """The app's own account without a blob: it outlives each test."""
    await own_blobs.make_container(azure)
    container = own_blobs.container_of(azure)
    async for blob in container.list_blobs():
        await container.delete_blob(blob.name)
    return azure


def record_of(minute, **changes):
    record = PipelineRecord(
        id=f"linux-20260311-03{minute:02}00-00000a",
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="http"),
        started_at=NOW,
    )
    return record.model_copy(update=changes)


async def test_contents_that_no_record_names_are_removed_unless_a_run_asks_for_them(own):
    named, unused, asked_for = [await script_contents.keep(own, content) for content in (b"named", b"unused", b"new")]
    scripts = (ScriptContent(path="linux/a.sh", sha256=named),)
    await publish_record(own, record_of(0, scripts=scripts))
    assert await delete_unused_contents(own, Moment(now=NOW)) == await delete_unused_contents(own, Moment(now=NOW))
    listed = {one.sha256: one for one in await script_contents.list_kept(own)}
    assert listed.keys() == {named, unused, asked_for}
    assert await script_contents.is_kept(own, asked_for)
    assert not await script_contents.remove(own, listed[asked_for])

    found = await delete_unused_contents(own, LATER)
    assert {(one.name, one.remedy) for one in found.leftovers} == {
        (unused, Remedy.REMOVED),
        (asked_for, Remedy.REMOVED),
    }
    assert (await delete_unused_contents(own, LATER)).leftovers == ()
    assert [one.sha256 for one in await script_contents.list_kept(own)] == [named]
    assert not await script_contents.is_kept(own, unused)


NOTE = RefusedUpload(
    path="Linux/a.sh", etag="e", size=1, uploaded_at=NOW, noted_at=NOW, problem="Wrong folder.", instead="linux/a.sh"
)


async def test_notes_that_are_too_old_are_removed(own):
    await refused_uploads.note(own, NOTE)
    assert (await delete_old_notes(own, Moment(now=NOW + timedelta(days=89)))).leftovers == ()
    (removed,) = (await delete_old_notes(own, Moment(now=NOW + timedelta(days=91)))).leftovers
    assert (removed.kind, removed.name) == (LeftoverKind.UPLOAD_NOTE, "'Linux/a.sh'")
    assert (await delete_old_notes(own, Moment(now=NOW + timedelta(days=91)))).leftovers == ()
    assert await refused_uploads.list_newest(own, 10) == ()


async def test_of_many_old_notes_one_sweep_removes_some_and_the_next_ones_the_rest(own):
    paths = {f"Linux/{number}.sh" for number in range(5)}
    for path in paths:
        await refused_uploads.note(own, NOTE.model_copy(update={"path": path}))
    later = NOW + timedelta(days=1)
    sweeps = [await refused_uploads.remove_before(own, later, 2) for _ in range(4)]
    assert [len(removed) for removed in sweeps] == [2, 2, 1, 0]
    assert {path for removed in sweeps for path in removed} == paths


async def test_runs_that_may_go_on_are_told_whole_and_others_only_where_they_are_asked_about(own):
    build = ImageBuildProgress(template_name="it-1", template_id="/it-1")
    stage = StageRecord(environment="sbx", started_at=NOW, build=build)
    stages = (stage.model_copy(update={"state": State.TRIGGERED, "ended_at": NOW}),)
    lost = Failure(code="RunLost", message="It is gone.")
    going_on = record_of(0)
    untended = record_of(1, state=State.TRIGGERED, ended_at=NOW, stages=stages)
    broken_off = record_of(2, state=State.FAILED, ended_at=NOW, stages=(stage,), failure=lost)
    over = record_of(3, state=State.SUCCEEDED, ended_at=NOW)
    for record in (going_on, untended, broken_off, over):
        await publish_record(own, record)
    asked = RunsAsked(run_ids=(broken_off.id, "linux-20260311-035900-00000a"))
    found = {run.id: run for run in (await list_recorded_runs(own, asked)).runs}
    assert found.keys() == {going_on.id, untended.id, broken_off.id}
    assert (found[going_on.id].record, found[untended.id].record) == (going_on, untended)
    told = found[broken_off.id]
    assert (told.broken_off, told.template_names, told.record) == (True, ("it-1",), None)


@pytest.mark.parametrize(("run_state", "ended"), [("Succeeded", ("it-1",)), ("Running", ()), ("NotStarted", ())])
async def test_of_the_builds_of_a_run_those_are_told_that_were_seen_to_end(own, run_state, ended):
    build = ImageBuildProgress(template_name="it-1", template_id="/it-1", run_state=run_state)
    stage = StageRecord(environment="sbx", started_at=NOW, state=State.FAILED, build=build)
    record = record_of(0, state=State.FAILED, ended_at=NOW, stages=(stage,))
    await publish_record(own, record)
    (found,) = (await list_recorded_runs(own, RunsAsked(run_ids=(record.id,)))).runs
    assert (found.template_names, found.ended_builds) == (("it-1",), ended)


async def test_a_run_that_failed_is_told_whole_while_a_build_that_it_did_not_wait_for_goes_on(own):
    build = ImageBuildProgress(template_name="it-1", template_id="/it-1")
    untended = StageRecord(environment="sbx", started_at=NOW, ended_at=NOW, state=State.TRIGGERED, build=build)
    failed = StageRecord(environment="prd", started_at=NOW, ended_at=NOW, state=State.FAILED)
    record = record_of(0, state=State.FAILED, ended_at=NOW, stages=(untended, failed))
    await publish_record(own, record)
    (found,) = (await list_recorded_runs(own, RunsAsked(run_ids=(record.id,)))).runs
    assert found.record == record


async def test_a_report_takes_the_place_of_the_one_before(azure):
    container = own_blobs.container_of(azure)
    if await container.exists():
        await container.delete_container()
    assert await leftovers.find_report(azure) == LeftoversReport()
    left = Leftover(kind=LeftoverKind.RUN, name="r", because="It is lost.")
    for report in (LeftoversReport(swept_at=NOW, leftovers=(left,)), LeftoversReport(swept_at=NOW)):
        await publish_leftovers(azure, report)
        await publish_leftovers(azure, report)
        assert await leftovers.find_report(azure) == report


async def test_staging_groups_are_told_with_the_template_that_they_were_made_for(azure, stage):
    await create_image_template(azure, stage.template("lin-1"))
    (group,) = (await list_staging_groups(azure, Subscription(id=SUBSCRIPTION))).groups
    assert group.name.startswith("IT_rg_lin-1_")
    assert (group.template_name, group.template_group) == ("lin-1", "rg")


async def test_instances_are_told_as_they_stand():
    def waits(context, _):
        context.set_custom_status({"at": "work"})
        yield context.wait_for_external_event("end")
        return {"value": 1}

    def breaks(_context, _):
        raise ValueError("It broke.")

    backend = DurableBackend().start()
    client = EngineClient(durable_client_binding(backend.address, "http://127.0.0.1", "key", "hub"))
    with TaskHubGrpcWorker(host_address=backend.address) as worker:
        worker.add_orchestrator(waits)
        worker.add_orchestrator(breaks)
        worker.start()
        for name in ("on", "over", "ended"):
            await client.schedule_new_orchestration("waits", input={"id": name}, instance_id=name)
            await client.wait_for_orchestration_start(name, timeout=10)
        await client.schedule_new_orchestration("breaks", instance_id="broken")
        await client.wait_for_orchestration_completion("broken", timeout=10)
        await client.raise_orchestration_event("ended", "end")
        await client.wait_for_orchestration_completion("ended", timeout=10)
        await client.terminate_orchestration("over", output="too slow")
        await client.wait_for_orchestration_completion("over", timeout=10)
        asked = InstancesAsked(ids=("on", "over", "ended", "broken", "nobody"))
        on, over, ended, broken, nobody = (await list_instances(client, asked)).states
    await client.close()
    backend.stop()
    assert (on.standing, on.given, on.shown) == (Standing.ON, {"id": "on"}, {"at": "work"})
    assert (over.standing, over.answer) == (Standing.TERMINATED, "too slow")
    assert (ended.standing, ended.answer) == (Standing.COMPLETED, {"value": 1})
    assert (broken.standing, broken.answer) == (Standing.FAILED, "It broke.")
    assert (nobody.standing, nobody.updated_at) == (Standing.ABSENT, None)
    assert over.updated_at.tzinfo is UTC
