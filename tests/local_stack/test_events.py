"""Timers, blobs and events, and running functions by hand."""

import json

import pytest

from tests.local_stack.sample import eventually


def deliver(sample, function, events, key="system", kind="eventgrid", **headers):
    path = f"/runtime/webhooks/{kind}"
    name = f"Host.Functions.{function}" if kind == "blobs" else function
    return sample.call("POST", path, key, params={"functionName": name}, json=events, headers=headers)


def event(number, subject="good"):
    return {"id": str(number), "subject": subject, "eventType": "Sample", "data": {}, "dataVersion": "1"}


def test_a_timer_fires_by_the_schedule_of_its_setting(shared):
    ticks = shared.noted("tick", 2)
    assert not any(tick["past_due"] for tick in ticks)


def test_a_timer_can_be_run_by_hand(shared):
    before = len(shared.notes("yearly"))
    assert shared.call("POST", "/admin/functions/yearly", "master", json={}).status_code == 202
    shared.noted("yearly", before + 1)
    assert "WARNING sample: The year is over." in shared.log()


def test_running_by_hand_needs_the_master_key_a_known_function_and_an_object(shared):
    assert shared.call("POST", "/admin/functions/yearly", "function", json={}).status_code == 401
    assert shared.call("POST", "/admin/functions/monthly", "master", json={}).status_code == 404
    assert shared.call("POST", "/admin/functions/yearly", "master", content=b"[]").status_code == 400
    assert shared.call("POST", "/admin/functions/on_upload", "master", json={"input": "no-path"}).status_code == 400


def test_the_host_tells_its_state_and_its_functions(shared):
    assert shared.call("GET", "/admin/host/status", "master").json()["state"] == "Running"
    functions = shared.call("GET", "/admin/functions", "master").json()
    assert {"yearly", "on_upload", "whole_story"} <= {function["name"] for function in functions}


def test_event_grid_is_answered_when_it_asks_whether_we_want_its_events(shared):
    handshake = {
        "id": "h",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }
    answer = deliver(shared, "on_event", [handshake], **{"aeg-event-type": "SubscriptionValidation"})
    assert answer.json() == {"validationResponse": "512d38b6"}
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    answer = shared.call(
        "OPTIONS", "/runtime/webhooks/eventgrid", "system", params={"functionName": "on_event"}, headers=asked
    )
    assert (answer.status_code, answer.headers["webhook-allowed-origin"]) == (200, "eventgrid.azure.net")


def test_one_event_and_many_are_handed_over(shared):
    assert deliver(shared, "on_event", [event("one")]).status_code == 202
    assert deliver(shared, "on_event", [event("two"), event("three")]).status_code == 202
    assert [shared.notes("on_event", id=name)[0]["kind"] for name in ("one", "two", "three")] == ["EventGridEvent"] * 3


def test_a_cloud_event_is_handed_over(shared):
    cloud = {"specversion": "1.0", "id": "cloud", "source": "/sample", "type": "Sample", "subject": "good"}
    answer = deliver(shared, "on_event", cloud, **{"content-type": "application/cloudevents+json"})
    assert answer.status_code == 202
    assert shared.notes("on_event", id="cloud")[0]["kind"] == "CloudEvent"


def test_a_delivery_that_fails_is_not_accepted_so_that_it_comes_again(shared):
    assert deliver(shared, "on_event", [event("failing", subject="bad")]).status_code == 500


def test_a_delivery_needs_the_system_key_a_function_and_events(shared):
    assert deliver(shared, "on_event", [], key="function").status_code == 401
    assert deliver(shared, "on_upload", []).status_code == 404
    assert deliver(shared, "no_such_function", []).status_code == 404
    assert deliver(shared, "on_event", ["no event"]).status_code == 400


def test_a_blob_is_handed_over_once_by_looking_and_by_an_event(shared):
    with shared.container() as uploads:
        uploads.upload_blob("folder/brötchen.txt", b"flour")
        name = "uploads/folder/brötchen.txt"
        assert shared.noted("on_upload", name=name)[0] | {"pid": 0} == {
            "function": "on_upload",
            "pid": 0,
            "name": name,
            "content": "flour",
            "length": 5,
        }
        created = {
            "eventType": "Microsoft.Storage.BlobCreated",
            "subject": "/blobServices/default/containers/uploads/blobs/folder/brötchen.txt",
        }
        told_of = deliver(shared, "on_upload", [created, created], kind="blobs", **{"aeg-event-type": "Notification"})
        assert told_of.status_code == 202
        uploads.upload_blob("folder/brötchen.txt", b"more flour", overwrite=True)
        shared.noted("on_upload", name=name, content="more flour")
        assert len(shared.notes("on_upload", name=name)) == 2


@pytest.mark.parametrize("name", ["bad", "folder/also bad"])
def test_a_blob_that_cannot_be_taken_is_tried_five_times_and_noted_as_poison(shared, name):
    with shared.container() as uploads:
        etag = uploads.upload_blob(name, b"poison").get_blob_properties().etag.strip('"')
    eventually(shared.log, lambda log: f"on_upload gave up on {name}" in log)
    assert len(shared.notes("on_upload", name=f"uploads/{name}")) == 5
    with shared.container("azure-webjobs-hosts") as of_the_host:
        message = of_the_host.download_blob(f"poison/on_upload/{etag}/{name}").readall()
    assert json.loads(message) == {"FunctionId": "Host.Functions.on_upload", "BlobName": name, "ETag": etag}


def test_a_blob_can_be_handed_over_again_by_hand(shared):
    with shared.container() as uploads:
        uploads.upload_blob("again", b"flour")
    shared.noted("on_upload", name="uploads/again")
    answer = shared.call("POST", "/admin/functions/on_upload", "master", json={"input": "uploads/again"})
    assert answer.status_code == 202
    shared.noted("on_upload", 2, name="uploads/again")
