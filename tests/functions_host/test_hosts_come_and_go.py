"""Hosts that are killed, stopped, replaced and joined: nothing is lost, nothing is done twice that was answered."""

import os
import signal
from datetime import timedelta

from local.durable_backend.control import advance_clock
from local.stack_file import Stack
from tests.functions_host.sample_stack import eventually


def begun(folder):
    return len(list(folder.glob("began-*")))


def test_a_host_that_is_killed_in_an_activity_is_replaced_at_its_address_and_the_activity_runs_again(
    own_stack, tmp_path
):
    own_stack.start("wait_in_activity", "one", str(tmp_path))
    eventually(lambda: begun(tmp_path), lambda count: count == 1)
    own_stack.kill_host()
    with own_stack.another_host() as url:
        assert url == own_stack.stack.functions.url
        joined = Stack.read(tmp_path / "stack.json")
        assert joined.functions.pid != own_stack.stack.functions.pid
        assert joined.functions.function_key == own_stack.stack.functions.function_key
        eventually(lambda: begun(tmp_path), lambda count: count == 2)
        (tmp_path / "go").touch()
        assert own_stack.ended("one")["output"] == "gone"


def test_a_timer_that_is_due_while_no_host_runs_fires_once_there_is_one(own_stack):
    own_stack.start("wait_for_hours", "one", 3)
    eventually(lambda: own_stack.status("one")["runtimeStatus"], lambda found: found == "Running")
    own_stack.kill_host()
    advance_clock(own_stack.stack.durable.address, timedelta(hours=4))
    with own_stack.another_host():
        assert own_stack.ended("one")["output"] == "waited"


def test_a_host_that_is_asked_to_end_finishes_its_activity_and_another_does_not_repeat_it(own_stack, tmp_path):
    own_stack.start("wait_in_activity", "one", str(tmp_path))
    eventually(lambda: begun(tmp_path), lambda count: count == 1)
    with own_stack.another_host() as url:
        own_stack.http.base_url = url
        os.kill(own_stack.stack.functions.pid, signal.SIGTERM)
        # The other one does what comes from now on.
        own_stack.start("fail_in_activity", "fence", "fence")
        own_stack.ended("fence")
        (tmp_path / "go").touch()
        assert own_stack.ended("one")["output"] == "gone"
        assert begun(tmp_path) == 1


def test_two_hosts_hand_over_a_blob_once(own_stack):
    with own_stack.another_host():
        for number in range(3):
            own_stack.uploads.upload_blob(f"shared-{number}", b"x")
        found = eventually(lambda: own_stack.journal("uploads"), lambda entries: len(entries) >= 3)
        own_stack.uploads.upload_blob("fence", b"x")
        eventually(lambda: own_stack.journal("uploads"), lambda entries: "uploads/fence" in [one[0] for one in entries])
        assert sorted(entry[0] for entry in found) == [f"uploads/shared-{number}" for number in range(3)]
        assert len(own_stack.journal("uploads")) == 4
