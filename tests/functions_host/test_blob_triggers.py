"""Blobs that land in a container: each version is handed over once, whoever tells of it."""

from tests.functions_host.sample_stack import eventually
from tests.functions_host.test_http_and_webhooks import webhook


def told_of(stack, name):
    return [entry for entry in stack.journal("uploads") if entry[0] == f"uploads/{name}"]


def created(name):
    return {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": f"/blobServices/default/containers/uploads/blobs/{name}",
    }


def test_an_upload_is_handed_over_once_with_name_and_content(shared_stack):
    shared_stack.uploads.upload_blob("linux/a script.sh", b"echo")
    found = eventually(lambda: told_of(shared_stack, "linux/a script.sh"), bool)
    webhook(shared_stack, "blobs", "Host.Functions.take_upload", [created("linux/a script.sh")])
    shared_stack.uploads.upload_blob("fence", b"fence")
    eventually(lambda: told_of(shared_stack, "fence"), bool)
    assert told_of(shared_stack, "linux/a script.sh") == found == [["uploads/linux/a script.sh", "echo", 4]]


def test_a_changed_blob_is_handed_over_again(shared_stack):
    shared_stack.uploads.upload_blob("changing", b"one")
    eventually(lambda: told_of(shared_stack, "changing"), bool)
    shared_stack.uploads.upload_blob("changing", b"two", overwrite=True)
    eventually(lambda: [entry[1] for entry in told_of(shared_stack, "changing")], lambda found: found == ["one", "two"])


def test_several_events_of_one_upload_are_one(shared_stack):
    shared_stack.uploads.upload_blob("told-often", b"x")
    for _ in range(3):
        event = [created("told-often"), created("told-often")]
        assert webhook(shared_stack, "blobs", "Host.Functions.take_upload", event).status_code == 202
    eventually(lambda: told_of(shared_stack, "told-often"), lambda found: len(found) == 1)


def test_events_of_other_containers_or_of_blobs_that_are_gone_are_nothing(shared_stack):
    elsewhere = {**created("x"), "subject": "/blobServices/default/containers/records/blobs/x"}
    answer = webhook(shared_stack, "blobs", "Host.Functions.take_upload", [elsewhere, created("gone")])
    assert answer.status_code == 202
    assert not told_of(shared_stack, "gone")


def test_a_blob_whose_function_fails_is_tried_five_times_and_then_noted(shared_stack):
    shared_stack.uploads.upload_blob("refused", b"bad")
    eventually(lambda: told_of(shared_stack, "refused"), lambda found: len(found) == 5)
    eventually(shared_stack.log, lambda log: "gave up on refused" in log)


def test_a_blob_function_can_be_run_by_hand_for_a_blob_that_was_handed_over(shared_stack):
    shared_stack.uploads.upload_blob("by-hand", b"x")
    eventually(lambda: told_of(shared_stack, "by-hand"), bool)
    key = shared_stack.stack.functions.master_key
    shared_stack.call("POST", "/admin/functions/take_upload", key, json={"input": "uploads/by-hand"})
    eventually(lambda: told_of(shared_stack, "by-hand"), lambda found: len(found) == 2)
