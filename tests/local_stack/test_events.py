"""Timers, blobs and events, and running functions by hand."""

import json

import pytest

from tests.local_stack.sample import eventually


def deliver(sample, function, events, key="system", kind="eventgrid", **headers):
    path = f"/runtime/webhooks/{kind}"
    name = f"Host.Functions.{function}" if kind == "blobs" else function
    return sample.call("POST", path, key, params={"functionName": name}, json=events, headers=headers)


def event(name, subject="good"):
    return {"id": name, "subject": subject, "eventType": "Sample", "data": {"of": name}, "dataVersion": "1"}


def blob_created(name, container="uploads"):
    subject = f"/blobServices/default/containers/{container}/blobs/{name}"
    return {"eventType": "Microsoft.Storage.BlobCreated", "subject": subject}


def deliver_blobs(sample, *events):
    return deliver(sample, "on_upload", events, kind="blobs", **{"aeg-event-type": "Notification"})


def test_a_timer_fires_by_the_schedule_of_its_setting(shared):
    ticks = shared.noted("tick", 2)
    assert not any(tick["past_due"] for tick in ticks)


def test_a_timer_can_be_run_by_hand(shared):
    before = len(shared.notes("yearly"))
    assert shared.call("POST", "/admin/functions/yearly", "master", json={}).status_code == 202
    shared.noted("yearly", before + 1)
    assert "WARNING sample: The year is over." in shared.log()


def test_running_by_hand_needs_the_master_key_a_known_function_and_an_object(shared):
    for key in ("none", "function", "system"):
        assert shared.call("POST", "/admin/functions/yearly", key, json={}).status_code == 401, key
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
    for name in ("one", "two", "three"):
        (note,) = shared.notes("on_event", id=name)
        assert (note["kind"], note["subject"], note["data"]) == ("EventGridEvent", "good", {"of": name})


def test_a_cloud_event_is_handed_over(shared):
    cloud = {"specversion": "1.0", "id": "cloud", "source": "/sample", "type": "Sample", "data": {"of": "a cloud"}}
    answer = deliver(shared, "on_event", cloud, **{"content-type": "application/cloudevents+json"})
    assert answer.status_code == 202
    (note,) = shared.notes("on_event", id="cloud")
    assert (note["kind"], note["data"]) == ("CloudEvent", {"of": "a cloud"})


def test_a_delivery_that_fails_is_not_accepted_so_that_it_comes_again(shared):
    assert deliver(shared, "on_event", [event("failing", subject="bad")]).status_code == 500


def test_a_delivery_needs_the_system_key_a_function_and_events(shared):
    assert deliver(shared, "on_event", [], key="function").status_code == 401
    assert deliver(shared, "on_upload", []).status_code == 404
    assert deliver(shared, "no_such_function", []).status_code == 404
    assert deliver(shared, "on_event", ["no event"]).status_code == 400


def test_a_blob_is_handed_over_once_by_looking_and_by_an_event(shared):
    with shared.container() as uploads:
        uploads.upload_blob("a folder/brötchen.txt", b"flour")
        name = "uploads/a folder/brötchen.txt"
        assert shared.noted("on_upload", name=name)[0] | {"pid": 0} == {
            "function": "on_upload",
            "pid": 0,
            "name": name,
            "content": "flour",
            "length": 5,
        }
        assert deliver_blobs(shared, blob_created("a folder/brötchen.txt")).status_code == 202
        uploads.upload_blob("a folder/brötchen.txt", b"more flour", overwrite=True)
        shared.noted("on_upload", name=name, content="more flour")
        assert len(shared.notes("on_upload", name=name)) == 2


def test_several_events_of_one_upload_are_one(shared):
    with shared.container() as uploads:
        uploads.upload_blob("told often", b"flour")
        for _ in range(3):
            assert deliver_blobs(shared, *[blob_created("told often")] * 2).status_code == 202
        shared.noted("on_upload", name="uploads/told often")
        uploads.upload_blob("told then", b"flour")
        shared.noted("on_upload", name="uploads/told then")
    assert len(shared.notes("on_upload", name="uploads/told often")) == 1


def test_events_of_other_containers_or_of_blobs_that_are_gone_are_nothing(shared):
    with shared.container("records") as records:
        records.upload_blob("elsewhere", b"flour")
    answer = deliver_blobs(shared, blob_created("elsewhere", container="records"), blob_created("gone"))
    assert answer.status_code == 202
    for name in ("uploads/elsewhere", "records/elsewhere", "uploads/gone"):
        assert shared.notes("on_upload", name=name) == []


@pytest.mark.parametrize("name", ["bad", "folder/also bad"])
def test_a_blob_that_cannot_be_taken_is_tried_five_times_and_noted_as_poison(shared, name):
    with shared.container() as uploads:
        etag = uploads.upload_blob(name, b"poison").get_blob_properties().etag.strip('"')
    eventually(shared.log, lambda log: f"on_upload gave up on {name}" in log)
    assert len(shared.notes("on_upload", name=f"uploads/{name}")) == 5
    with shared.container("azure-webjobs-hosts") as of_the_host:
        message = of_the_host.download_blob(f"poison/on_upload/{etag}/{name}").readall()
    assert json.loads(message) == {"FunctionId": "Host.Functions.on_upload", "BlobName": name, "ETag": etag}


def test_a_name_that_is_too_long_for_a_receipt_keeps_no_other_blob_from_being_handed_over(shared):
    with shared.container() as uploads:
        uploads.upload_blob("a" * 1020, b"flour")
        uploads.upload_blob("b\nc", b"flour")
        shared.noted("on_upload", name="uploads/b\nc")
        uploads.delete_blob("a" * 1020)


def deletions(sample, name):
    subject = f"/blobServices/default/containers/uploads/blobs/{name}"
    return [note for note in sample.notes("on_event", subject=subject) if note["data"]["api"] == "DeleteBlob"]


def test_the_event_grid_triggers_are_told_once_of_a_deleted_blob_and_again_if_it_comes_back_and_goes(shared):
    name = "short lived/brötchen.txt"
    with shared.container() as uploads:
        for times in (1, 2):
            uploads.upload_blob(name, b"flour")
            uploads.upload_blob(name, b"more flour", overwrite=True)
            shared.noted("on_upload", times, name=f"uploads/{name}", content="more flour")
            uploads.delete_blob(name)
            eventually(lambda: deletions(shared, name), lambda told, times=times: len(told) == times)
        uploads.upload_blob("afterwards", b"flour")
        shared.noted("on_upload", name="uploads/afterwards")
    assert len(deletions(shared, name)) == 2


def test_a_blob_can_be_handed_over_again_by_hand(shared):
    with shared.container() as uploads:
        uploads.upload_blob("again", b"flour")
    shared.noted("on_upload", name="uploads/again")
    answer = shared.call("POST", "/admin/functions/on_upload", "master", json={"input": "uploads/again"})
    assert answer.status_code == 202
    shared.noted("on_upload", 2, name="uploads/again")
