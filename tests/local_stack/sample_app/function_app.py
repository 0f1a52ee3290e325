"""A function app with every kind of trigger that the host serves; what is called leaves a note in a file.

The notes lie beside the folder of the parameter files. There, too, lies what some functions wait for: `release-<name>`.
"""

import asyncio
import base64
import json
import logging
import os
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func
from durabletask import task
from durabletask.entities import EntityInstanceId

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
FOLDER = Path(os.environ["PARAMETERS_FOLDER"]).parent


def note(function, **facts):
    line = json.dumps({"function": function, "pid": os.getpid(), **facts}) + "\n"
    with (FOLDER / "notes").open("a") as notes:
        notes.write(line)


async def released(name):
    while not (FOLDER / f"release-{name}").exists():  # noqa: ASYNC110 - it is another process that sets it
        await asyncio.sleep(0.02)


@app.route("open", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def open_to_all(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("open")


@app.route("guarded", methods=["GET"])
def guarded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(os.getpid()))


@app.route("guarded", methods=["PUT"])
def guarded_put(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("put")


@app.route("for-admins", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def for_admins(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("admin")


@app.route("echo/{first}/{second:int}", auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    told = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": base64.b64encode(req.get_body()).decode(),
    }
    return func.HttpResponse(json.dumps(told), mimetype="application/json")


@app.route("files/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params["path"])


@app.route("mirror", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def mirror(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), mimetype=req.headers["content-type"], headers={"x-mirrored": "yes"})


@app.route("elsewhere", auth_level=func.AuthLevel.ANONYMOUS)
def elsewhere(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=303, headers={"Location": "/api/open", "Retry-After": "7"})


@app.route("raises", auth_level=func.AuthLevel.ANONYMOUS)
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("a reason for the log alone")


@app.route("slow", auth_level=func.AuthLevel.ANONYMOUS)
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    note("slow")
    await released("slow")
    return func.HttpResponse("done")


@app.route("start/{orchestration}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    given = json.loads(req.get_body() or b"null")
    name = req.route_params["orchestration"]
    instance_id = await client.schedule_new_orchestration(name, input=given, instance_id=req.params.get("id"))
    return client.create_check_status_response(req, instance_id)


@app.route("counters/{key}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def counter_value(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    found = await client.get_entity(EntityInstanceId("Counter", req.route_params["key"]))
    # One that has not done anything yet is known, and its state is empty.
    return func.HttpResponse((found and found.get_state()) or "null")


@app.route("counters/{key}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def counter_add(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    await client.signal_entity(EntityInstanceId("Counter", req.route_params["key"]), "add", input=req.get_json())
    return func.HttpResponse(status_code=202)


@app.orchestration_trigger(context_name="context")
def whole_story(context, payload):
    """Side by side, one after the other, later, and by another orchestration."""
    sums = yield task.when_all([context.call_activity("add_one", input=number) for number in payload])
    yield context.create_timer(timedelta(milliseconds=50))
    doubled = yield context.call_sub_orchestrator("twice", input=sums)
    context.set_custom_status({"step": "last"})
    return doubled


@app.orchestration_trigger(context_name="context")
def twice(context, payload):
    return [2 * number for number in payload]
    yield


@app.orchestration_trigger(context_name="context")
def waits_for_word(context, payload):
    word = yield context.wait_for_external_event("word")
    return word


@app.orchestration_trigger(context_name="context")
def sleeps_for_hours(context, payload):
    yield context.create_timer(timedelta(hours=payload))
    return "awake"


@app.orchestration_trigger(context_name="context")
def counts(context, payload):
    total = yield context.call_entity(EntityInstanceId("Counter", payload["key"]), "add", payload["number"])
    return total


@app.orchestration_trigger(context_name="context")
def holds(context, payload):
    answer = yield context.call_activity("hold", input=payload)
    return answer


@app.orchestration_trigger(context_name="context")
def breaks(context, payload):
    yield context.call_activity("break_off", input=payload)


@app.activity_trigger(input_name="payload")
def add_one(payload: int) -> int:
    return payload + 1


@app.activity_trigger(input_name="payload")
async def hold(payload: str) -> int:
    note("hold", name=payload)
    await released(payload)
    return os.getpid()


@app.activity_trigger(input_name="payload")
def break_off(payload: str) -> None:
    raise RuntimeError(payload)


@app.entity_trigger(context_name="context", entity_name="Counter")
def counter(context, number):
    total = (context.get_state(int) or 0) + number
    context.set_state(total)
    return total


@app.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%")
def tick(timer: func.TimerRequest) -> None:
    note("tick", past_due=timer.past_due)


@app.timer_trigger(arg_name="timer", schedule="0 0 3 1 1 *")
def yearly(timer: func.TimerRequest) -> None:
    logging.getLogger("sample").warning("The year is over.")
    note("yearly", past_due=timer.past_due)


@app.blob_trigger(arg_name="blob", path="uploads/{name}", connection="AzureWebJobsStorage", source="EventGrid")
def on_upload(blob: func.InputStream) -> None:
    content = blob.read()
    note("on_upload", name=blob.name, content=content.decode(), length=blob.length)
    if content == b"poison":
        raise ValueError("It tastes bad.")


@app.event_grid_trigger(arg_name="event")
def on_event(event: func.EventGridEvent) -> None:
    note("on_event", id=event.id, subject=event.subject, kind=type(event).__name__, data=event.get_json())
    if event.subject == "bad":
        raise ValueError("A bad event.")
