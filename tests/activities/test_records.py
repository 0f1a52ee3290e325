import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from activities.records import publish_build_end, publish_record
from azure_clients import own_blobs, records
from models.approval import Person
from models.errors import AzureUnavailable
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Starter
from models.stage_messages import BuildEnd
from models.state import State

BEGAN = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)


def record_of(minute: int, **changes: object) -> PipelineRecord:
    started_at = BEGAN + timedelta(minutes=minute)
    return PipelineRecord(
        id=f"linux-{started_at:%Y%m%d-%H%M%S}-{minute:06x}",
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="http", who=Person(name="ünïcode", verified=False)),
        started_at=started_at,
    ).model_copy(update=changes)


@pytest.fixture
async def empty(azure):
    """The app's own account, without a container: it outlives each test."""
    container = own_blobs.container_of(azure)
    if await container.exists():
        async for blob in container.list_blobs():
            await container.delete_blob(blob.name)
    return azure


async def test_a_record_is_read_as_it_was_written_and_a_later_one_takes_its_place(empty):
    record = record_of(0)
    await publish_record(empty, record)
    ended = record.model_copy(update={"state": State.SUCCEEDED, "ended_at": BEGAN + timedelta(hours=1)})
    await publish_record(empty, ended)
    await publish_record(empty, ended)
    assert await records.find(empty, record.id) == ended
    (summary,) = await records.list_newest(empty, 10)
    assert (summary.state, summary.ended_at) == (State.SUCCEEDED, ended.ended_at)


async def test_a_blob_that_has_the_name_of_no_run_is_passed_over_among_the_records(empty):
    record = record_of(0)
    await publish_record(empty, record)
    container = own_blobs.container_of(empty)
    copied = container.get_blob_client(f"pipeline-runs/2026-03/{record.id}.json")
    content, metadata = await (await copied.download_blob()).readall(), (await copied.get_blob_properties()).metadata
    for name in ("backup", f"copy of {record.id}", f"{record.id}.old"):
        await container.upload_blob(f"pipeline-runs/2026-03/{name}.json", content, metadata=metadata)
    assert [summary.id for summary in await records.list_newest(empty, 10)] == [record.id]
    assert await records.list_of_image(empty, "linux", 10) == (record,)


async def test_the_first_records_of_a_new_account_may_be_written_at_the_same_moment(azure):
    container = own_blobs.container_of(azure)
    if await container.exists():
        await container.delete_container()
    all_records = [record_of(minute) for minute in range(5)]
    await asyncio.gather(*(publish_record(azure, record) for record in all_records))
    assert len(await records.list_newest(azure, 10)) == 5


async def test_a_run_that_was_named_in_another_month_than_it_began_in_is_listed_where_it_belongs(empty):
    first = record_of(0)
    named_later = first.model_copy(
        update={"id": "linux-20260401-005910-00000a", "started_at": BEGAN + timedelta(seconds=10)}
    )
    last = first.model_copy(update={"id": "linux-20260331-235930-00000b", "started_at": BEGAN + timedelta(seconds=30)})
    for record in (named_later, last, first):
        await publish_record(empty, record)
    newest_first = [last.id, named_later.id, first.id]
    for limit in (1, 2, 3):
        assert [summary.id for summary in await records.list_newest(empty, limit)] == newest_first[:limit]


async def test_a_record_that_is_not_there_is_none(empty):
    assert await records.find(empty, record_of(0).id) is None
    assert await records.list_newest(empty, 10) == []


async def test_records_are_listed_newest_first_over_the_end_of_a_month(empty):
    all_records = [record_of(minute) for minute in range(3)]
    for record in all_records:
        await publish_record(empty, record)
    assert [summary.id for summary in await records.list_newest(empty, 10)] == [one.id for one in all_records[::-1]]
    assert [summary.id for summary in await records.list_newest(empty, 1)] == [all_records[-1].id]


async def test_the_records_of_an_image_are_not_those_of_one_whose_name_begins_alike(empty):
    of_linux = [record_of(minute) for minute in range(3)]
    of_another = [
        record.model_copy(update={"id": record.id.replace("linux-", "linux-2-"), "image": "linux-2"})
        for record in of_linux
    ]
    for record in (*of_linux, *of_another):
        await publish_record(empty, record)
    assert await records.list_of_image(empty, "linux", 10) == tuple(of_linux[::-1])
    assert await records.list_of_image(empty, "linux-2", 2) == tuple(of_another[:0:-1])
    assert await records.list_of_image(empty, "lin", 10) == ()


async def test_blobs_that_are_no_records_are_passed_over_in_the_list(empty):
    record = record_of(0)
    await publish_record(empty, record)
    container = own_blobs.container_of(empty)
    for metadata in (None, {"image": "linux"}, {"image": "l", "scope": "all", "state": "New", "startedat": "today"}):
        await container.upload_blob("pipeline-runs/2026-03/notes.json", b"{}", overwrite=True, metadata=metadata)
        assert [summary.id for summary in await records.list_newest(empty, 10)] == [record.id]


async def test_the_end_of_an_untended_build_completes_the_record_of_its_run(empty):
    stage = StageRecord(environment="sbx", started_at=BEGAN, state=State.TRIGGERED)
    record = record_of(0, state=State.TRIGGERED, stages=(stage,), ended_at=BEGAN)
    rest = stage.model_copy(update={"state": State.FAILED, "ended_at": BEGAN + timedelta(hours=1)})
    end = BuildEnd(run_id=record.id, rest=rest)
    with pytest.raises(AzureUnavailable, match="not in it yet"):
        await publish_build_end(empty, end)
    await publish_record(empty, record)
    await publish_build_end(empty, end)
    await publish_build_end(empty, end)
    await publish_record(empty, record)
    found = await records.find(empty, record.id)
    assert found is not None
    assert (found.state, found.stages[0].state) == (State.FAILED, State.FAILED)


async def test_a_record_that_somebody_was_held_up_with_does_not_take_the_place_of_a_later_one(empty):
    stage = StageRecord(environment="sbx", started_at=BEGAN, state=State.SUCCEEDED)
    begun, on = record_of(0), record_of(0, stages=(stage,))
    over = record_of(0, stages=(stage,), state=State.SUCCEEDED, ended_at=BEGAN + timedelta(hours=1))
    told = [(await publish_record(empty, record)).was_over for record in (begun, on, begun, over, on, begun, over)]
    assert told == [False, False, False, False, True, True, True]
    assert await records.find(empty, over.id) == over


async def test_two_writers_of_a_record_do_not_overwrite_one_another(empty):
    record = record_of(0)
    await publish_record(empty, record)
    read_before = await records.read(empty, record.id)
    await publish_record(empty, record)
    with pytest.raises(AzureUnavailable, match="Another writer"):
        await records.put(empty, record, read_before)
    with pytest.raises(AzureUnavailable, match="Another writer"):
        await records.put(empty, record, records.StoredRecord(None, None))
