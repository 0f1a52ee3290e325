"""A build whose end is told by an event, from the simulated Azure to the record, on the whole local stack."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from azure_clients import records
from azure_clients.connection import AzureClients
from azure_clients.records import StoredRecord
from local.durable_backend.control import advance_clock
from local.stack import StackOptions, local_stack
from models.image_build import ImageBuildProgress, ImageRunState, NoticedBy
from models.pipeline_record import PipelineRecord, StageRecord
from models.pipeline_run import Scope, Starter
from models.state import State
from tests.whole_app.driving import Bakery, eventually

ONE_STAGE = {"image": "linux", "startEnvironment": "sbx", "stopEnvironment": "sbx", "scope": "all"}
# Less than the time-out of the sample, which the simulated Azure holds to.
BUILD = timedelta(minutes=30)
BEGAN = datetime(2026, 3, 11, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """A stack whose builds take half an hour, and whose image has earlier builds that events told of."""
    with (
        local_stack(tmp_path_factory.mktemp("stack"), StackOptions(build_seconds=BUILD.total_seconds())) as stack,
        pytest.MonkeyPatch.context() as monkeypatch,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        monkeypatch.setenv("IDENTITY_ENDPOINT", stack.identity.endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", stack.identity.header)
        asyncio.run(keep(stack, [earlier_build(f"linux-20260311-030000-00000{number}") for number in range(3)]))
        yield driver


def earlier_build(run_id):
    build = ImageBuildProgress(
        template_name="it",
        template_id="/it",
        run_state=ImageRunState.SUCCEEDED,
        started_at=BEGAN,
        ended_at=BEGAN + BUILD,
        noticed_by=NoticedBy.EVENT,
    )
    stage = StageRecord(environment="sbx", started_at=BEGAN, ended_at=BEGAN + BUILD, state=State.SUCCEEDED, build=build)
    return PipelineRecord(
        id=run_id,
        image="linux",
        scope=Scope.ALL,
        started_by=Starter(kind="http"),
        state=State.SUCCEEDED,
        started_at=BEGAN,
        ended_at=BEGAN + BUILD,
        stages=(stage,),
    )


async def keep(stack, kept):
    """Write records where the app keeps them, as the app does."""
    azure = AzureClients(arm_endpoint=stack.arm.url, app_blob_endpoint=stack.blob.url, ca_bundle=stack.ca_file)
    for record in kept:
        await records.put(azure, record, StoredRecord(None, None))
    await azure.close()


def building(bakery):
    """Start a run; returns its id once its build is on, and the build."""
    run_id = bakery.start(**ONE_STAGE)

    def build():
        stages = bakery.run(run_id)["stages"]
        return stages[0]["build"] if stages else None

    return run_id, eventually(build, lambda found: found is not None and found["runState"] == "Running", 60)


def readings(bakery, build):
    """How often the template was read since its run was asked for."""
    methods = [entry["method"] for entry in bakery.requests(path=f"/imageTemplates/{build['templateName']}")]
    return methods[methods.index("POST") :].count("GET")


def end_the_build(bakery):
    bakery.simulation.post("/clock", json={"advanceSeconds": BUILD.total_seconds()}).raise_for_status()


def deliver(bakery, *events):
    functions = bakery.stack["functions"]
    return httpx.post(
        f"{functions['url']}/runtime/webhooks/eventgrid",
        params={"functionName": "note_build_event", "code": functions["systemKey"]},
        json=list(events),
    ).status_code


def event_of(template_id, **changed):
    data = {
        "resourceUri": template_id,
        "operationName": "Microsoft.VirtualMachineImages/imageTemplates/run/action",
        "status": "Succeeded",
    }
    return {
        "id": "forged",
        "topic": "/subscriptions/s",
        "subject": template_id,
        "eventType": "Microsoft.Resources.ResourceActionSuccess",
        "eventTime": "2026-03-11T03:00:00Z",
        "data": data | changed.pop("data", {}),
        "dataVersion": "2",
        "metadataVersion": "1",
    } | changed


def test_an_end_that_an_event_tells_of_is_recorded_though_no_timer_is_due_for_minutes(patient):
    patient.reset()
    run_id, build = building(patient)
    end_the_build(patient)
    run = patient.ended(run_id)
    assert run["state"] == "Succeeded", run["stages"][0]["failure"]
    assert run["stages"][0]["build"]["noticedBy"] == "event"
    # The start of the run reads once after it, the looks once each, the publication once.
    assert readings(patient, build) <= 5


def test_an_end_whose_event_is_lost_is_seen_by_polling(patient):
    patient.reset()
    patient.switch_on(kind="event-lost", path="/imageTemplates/")
    run_id, _ = building(patient)
    end_the_build(patient)
    for _ in range(20):
        advance_clock(patient.stack["durable"]["address"], timedelta(minutes=15))
        if patient.run(run_id)["stages"][0]["build"]["runState"] == "Succeeded":
            break
    assert patient.ended(run_id)["stages"][0]["build"]["noticedBy"] == "poll"


def test_events_that_are_wrong_forged_or_for_nobody_do_no_harm(patient):
    patient.reset()
    patient.switch_on(kind="event-lost", path="/imageTemplates/")
    run_id, build = building(patient)
    before = readings(patient, build)
    template_id = build["templateId"]
    harmless = [
        event_of(template_id, eventType="Microsoft.Resources.ResourceWriteSuccess"),
        event_of(template_id, data={"operationName": "Microsoft.VirtualMachineImages/imageTemplates/write"}),
        event_of(f"{template_id}-other"),
        event_of(template_id.rpartition("/")[0]),
        event_of("../../" * 1000),
        event_of(template_id, data={"resourceUri": None, "operationName": 7}),
        event_of(template_id) | {"data": "no object"},
        event_of(template_id) | {"data": None},
    ]
    assert deliver(patient, *harmless) == 202
    assert deliver(patient, event_of(template_id), event_of(template_id.upper())) == 202
    eventually(lambda: readings(patient, build), lambda count: count == before + 1)
    assert patient.run(run_id)["state"] == "Running"
    end_the_build(patient)
    assert deliver(patient, event_of(template_id)) == 202
    assert patient.ended(run_id)["stages"][0]["build"]["noticedBy"] == "event"
