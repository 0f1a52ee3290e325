"""An app with one function of each kind that a host has to serve. What happens to it is kept in journals (entities)."""

import asyncio
import json
import uuid
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func
from durabletask.entities import EntityInstanceId

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
SECONDS_BETWEEN_LOOKS = 0.02


async def note(client, journal, entry):
    await client.signal_entity(EntityInstanceId("journal", journal), "add", entry)


@app.route(route="start/{orchestrator}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    instance_id = req.route_params["id"]
    await client.schedule_new_orchestration(
        req.route_params["orchestrator"], input=req.get_json(), instance_id=instance_id
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="journals/{name}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def read_journal(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    entity = await client.get_entity(EntityInstanceId("journal", req.route_params["name"]))
    return func.HttpResponse((entity and entity.get_state()) or "[]", mimetype="application/json")


@app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
async def for_everybody(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{req.method} {req.params.get('word')}")


@app.route(route="closed", auth_level=func.AuthLevel.ADMIN)
def for_the_master(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="broken", methods=["GET"])
async def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("a secret reason")


@app.activity_trigger(input_name="payload")
async def double(payload: int) -> int:
    return payload * 2


@app.activity_trigger(input_name="payload")
async def wait_for_go(payload: str) -> str:
    """Leave a file for each time it began; end when there is a file `go`."""
    folder = Path(payload)
    (folder / f"began-{uuid.uuid4()}").touch()
    while not (folder / "go").exists():  # noqa: ASYNC110  # what it waits for is done by another process
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    return "gone"


@app.activity_trigger(input_name="payload")
async def fail(payload: str) -> None:
    raise ValueError(payload)


@app.orchestration_trigger(context_name="context")
def calculate(context, payload):
    doubled = yield context.call_activity("double", input=payload)
    more = yield context.call_sub_orchestrator("add_one", input=doubled, instance_id=f"{context.instance_id}-child")
    context.set_custom_status({"so far": more})
    added = yield context.wait_for_external_event("add")
    yield context.call_entity(EntityInstanceId("journal", context.instance_id), "add", more + added)
    return more + added


@app.orchestration_trigger(context_name="context")
def add_one(context, payload):
    yield context.create_timer(timedelta(milliseconds=10))
    return payload + 1


@app.orchestration_trigger(context_name="context")
def wait_in_activity(context, payload):
    answer = yield context.call_activity("wait_for_go", input=payload)
    return answer


@app.orchestration_trigger(context_name="context")
def wait_for_hours(context, payload):
    yield context.create_timer(timedelta(hours=payload))
    return "waited"


@app.orchestration_trigger(context_name="context")
def fail_in_activity(context, payload):
    yield context.call_activity("fail", input=payload)


@app.entity_trigger(context_name="context")
def journal(context):
    entries = context.get_state(list, list)
    entries.append(context.get_input())
    context.set_state(entries)
    context.set_result(len(entries))


@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%", use_monitor=True)
@app.durable_client_input(client_name="client")
async def tick(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    await note(client, "ticks", {"pastDue": timer.past_due})


@app.blob_trigger(arg_name="blob", path="uploads/{name}", connection="AzureWebJobsStorage", source="EventGrid")
@app.durable_client_input(client_name="client")
async def take_upload(blob: func.InputStream, client: df.DurableFunctionsClient) -> None:
    content = blob.read().decode()
    await note(client, "uploads", [blob.name, content, blob.length])
    if content == "bad":
        raise ValueError("not this one")


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def take_event(event: func.EventGridEvent, client: df.DurableFunctionsClient) -> None:
    await note(client, "events", [event.event_type, json.dumps(event.get_json())])
