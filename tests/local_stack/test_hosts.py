"""Hosts that end, crash, come back and work side by side; a backend that is started anew."""

import json
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import httpx
import psutil

from local.durable_backend.control import advance_clock
from local.stack import APP_FOLDER, local_stack
from local.stack_file import Stack
from tests.local_stack.sample import Sample, eventually, gone, joined_host, options

ANOTHER_APP = """
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("where")
def where(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("elsewhere")
"""


def test_a_killed_host_is_replaced_at_its_address_and_its_activity_done_again(own):
    links = own.start("holds", "killed")
    own.noted("hold", name="killed")
    own.kill_host()
    with joined_host(own.folder) as (url, host):
        stack = Stack.read(own.folder / "stack.json")
        assert url == stack.functions.url == own.stack.functions.url
        assert stack.functions.pid == host.pid
        assert stack == own.stack.model_copy(update={"functions": stack.functions})
        own.noted("hold", 2, name="killed")
        own.release("killed")
        assert own.ended(links)["output"] == host.pid
        assert own.call("GET", "/api/guarded").text == str(host.pid)


def test_two_hosts_share_the_work_and_the_keys(own):
    with joined_host(own.folder) as (url, host):
        assert url != own.stack.functions.url
        assert Stack.read(own.folder / "stack.json") == own.stack
        key = {"x-functions-key": own.stack.functions.function_key}
        assert httpx.get(f"{url}/api/guarded", headers=key).text == str(host.pid)
        links = []

        def busy():
            links.append(own.start("holds", "shared"))
            return {note["pid"] for note in own.notes("hold")}

        eventually(busy, lambda pids: pids == {host.pid, own.stack.functions.pid})
        own.release("shared")
        assert all(own.ended(link)["runtimeStatus"] == "Completed" for link in links)


def test_a_host_that_is_asked_to_end_finishes_what_it_has_and_takes_nothing_new(own):
    links = own.start("holds", "last")
    own.noted("hold", name="last")
    host = psutil.Process(own.stack.functions.pid)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(own.call, "GET", "/api/slow")
        own.noted("slow")
        host.terminate()
        eventually(host.net_connections, lambda found: not any(one.status == "LISTEN" for one in found))
        with joined_host(own.folder) as (url, other):
            key = {"x-functions-key": own.stack.functions.function_key}
            later = httpx.post(f"{url}/api/start/holds", headers=key, json="later").json()
            assert own.noted("hold", name="later")[0]["pid"] == other.pid
            own.release("slow")
            assert answer.result().text == "done"
            own.release("last")
            own.release("later")
            assert own.ended(links | {"statusQueryGetUri": at(url, links)})["output"] == host.pid
            assert own.ended(later)["output"] == other.pid
            gone(host)
    assert len(own.notes("hold", name="last")) == 1


def at(url, links):
    """The link to the status at another host."""
    return url + links["statusQueryGetUri"][links["statusQueryGetUri"].index("/runtime") :]


def test_a_host_takes_work_from_a_backend_that_was_started_anew(own):
    backend = psutil.Process(own.stack.durable.pid)
    backend.kill()
    gone(backend)
    port = own.stack.durable.address.rpartition(":")[2]
    command = [sys.executable, "-m", "local.durable_backend", "--port", port]
    with subprocess.Popen(command, cwd=APP_FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as anew:
        try:
            assert json.loads(anew.stdout.readline())["address"] == own.stack.durable.address
            # The app's client, too, has to find it again.
            started = eventually(
                lambda: own.call("POST", "/api/start/whole_story", json=[1]), lambda it: it.status_code == 202
            )
            assert own.ended(started.json())["output"] == [4]
        finally:
            anew.kill()


def test_a_joined_host_may_serve_another_app(own, tmp_path):
    another = tmp_path / "another"
    another.mkdir()
    (another / "host.json").write_text('{"extensions": {"http": {"routePrefix": ""}}}')
    (another / "function_app.py").write_text(ANOTHER_APP)
    with joined_host(own.folder, "--app-folder", str(another)) as (url, _):
        assert httpx.get(f"{url}/where").text == "elsewhere"
        assert httpx.get(f"{url}/api/open").status_code == 404


def test_files_with_keys_are_for_their_owner_alone(own):
    for name in ("stack.json", "functions-host.json", "private-key.pem"):
        assert stat.S_IMODE((own.folder / name).stat().st_mode) == 0o600, name


def test_an_interrupt_ends_a_joined_host_and_not_the_stack(own):
    with joined_host(own.folder) as (_, host):
        host.send_signal(signal.SIGINT)
        assert host.wait(20) == 0
    assert own.call("GET", "/api/open").status_code == 200


def test_a_timer_that_is_due_while_no_host_runs_fires_once_there_is_one(own):
    links = own.start("sleeps_for_hours", 3)
    eventually(lambda: httpx.get(links["statusQueryGetUri"]).json()["runtimeStatus"], lambda it: it == "Running")
    own.kill_host()
    advance_clock(own.stack.durable.address, timedelta(hours=4))
    with joined_host(own.folder):
        assert own.ended(links)["output"] == "awake"


def test_a_blob_is_handed_over_once_whichever_host_sees_it(own, shared):
    with shared.container() as uploads, joined_host(own.folder):
        for number in range(5):
            uploads.upload_blob(f"once-{number}", b"flour")
        uploads.upload_blob("then", b"flour")

        def taken():
            notes = own.notes("on_upload") + shared.notes("on_upload")
            return sorted(note["name"] for note in notes if note["name"].startswith(("uploads/once-", "uploads/then")))

        expected = [*(f"uploads/once-{number}" for number in range(5)), "uploads/then"]
        assert eventually(taken, lambda found: set(found) == set(expected)) == expected


def test_a_firing_and_a_deletion_that_were_missed_while_no_host_ran_are_made_up_for(tmp_path):
    status = "timers/yearly/status"
    with local_stack(tmp_path, options(tmp_path)) as stack, closing(Sample(stack, tmp_path)) as sample:
        with sample.container("azure-webjobs-hosts") as of_the_host, sample.container() as uploads:
            uploads.upload_blob("stays", b"flour")
            uploads.upload_blob("goes", b"flour")
            sample.noted("on_upload", 2)
            eventually(lambda: sample.notes("tick"), bool)
            host = psutil.Process(stack.functions.pid)
            host.terminate()
            gone(host)
            of_the_host.upload_blob(status, json.dumps({"Next": "2020-01-01T03:00:00+00:00"}), overwrite=True)
            uploads.delete_blob("goes")
        with joined_host(tmp_path):
            assert sample.noted("yearly")[0]["past_due"]
            (event,) = sample.noted("on_event")
    assert event["subject"].endswith("/containers/uploads/blobs/goes")
    assert len(sample.notes("yearly")) == 1
    assert len(sample.notes("on_upload")) == 2


def test_every_host_that_is_up_gets_the_events_of_the_simulated_azure_and_one_that_is_gone_is_no_hindrance(shared):
    own = shared.stack.functions.pid
    with joined_host(shared.folder) as (_, host):
        subject = shared.refused_action()
        pids = eventually(
            lambda: {note["pid"] for note in shared.notes("on_event", subject=subject)}, lambda found: len(found) == 2
        )
        assert pids == {own, host.pid}
    subject = shared.refused_action()
    assert [note["pid"] for note in shared.noted("on_event", subject=subject)] == [own]
