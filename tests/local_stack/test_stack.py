"""`python -m local`: stacks that start, are found, are joined and end."""

import json
import os
import stat
import subprocess
import sys
from contextlib import contextmanager

import httpx
import psutil
import pytest

from local.processes import Processes
from local.stack import APP_FOLDER, StackError, StackOptions, start_stack, stop_stack
from local.stack_file import Stack
from tests.local_stack.sample import SAMPLE_APP, gone, joined_host, options


def local(*arguments, cwd):
    """Run `python -m local` in a folder that is not the project's."""
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(APP_FOLDER)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def bystander():
    """A process that is none of ours."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def in_options(borrowed):
    return [text for name, value in borrowed.items() for text in (f"--{name.replace('_', '-')}", str(value))]


def test_stack_json_tells_where_everything_is_and_only_to_its_owner(shared):
    file = shared.folder / "stack.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert {part: set(facts) if isinstance(facts, dict) else None for part, facts in told.items()} == {
        "functions": {"url", "functionKey", "masterKey", "systemKey", "pid"},
        "arm": {"url", "pid"},
        "identity": {"endpoint", "header"},
        "blob": {"url", "account", "connectionString", "pid"},
        "durable": {"address", "pid"},
        "caFile": None,
        "subscriptions": {"sbx"},
    }
    pids = {told[part]["pid"] for part in ("functions", "arm", "blob", "durable")}
    assert pids == {process.pid for process in Processes(shared.folder).running()}
    assert len(pids) == 4


def test_up_says_where_it_is_and_down_ends_it_and_whoever_joined(borrowed, tmp_path):
    asked = options(tmp_path)
    places = ["--folder", "here/.local", "--app-folder", os.path.relpath(SAMPLE_APP, tmp_path)]
    started = local("up", *places, "--parameters", str(asked.parameters), *in_options(borrowed), cwd=tmp_path)
    folder = tmp_path / "here" / ".local"
    try:
        assert started.returncode == 0, started.stderr
        stack = Stack.read(folder / "stack.json")
        assert stack.functions.url in started.stdout
        assert httpx.get(f"{stack.functions.url}/api/open").text == "open"

        again = local("up", *places, cwd=tmp_path)
        assert (again.returncode, again.stdout) == (1, "")
        assert f"A stack is running in {folder}" in again.stderr

        with joined_host(folder) as (_, host):
            processes = Processes(folder).running()
            assert {stack.functions.pid, stack.durable.pid, host.pid} == {process.pid for process in processes}
            assert local("down", "--folder", str(folder), cwd=tmp_path).stdout == "Stopped.\n"
            for process in processes:
                gone(process)
    finally:
        stop_stack(folder)
    assert not (folder / "stack.json").exists()
    assert local("down", "--folder", "here/.local", cwd=tmp_path).stdout == "Nothing was running.\n"


def test_down_spares_a_process_that_got_the_id_of_one_of_ours(tmp_path):
    with bystander() as ours, bystander() as foreign:
        processes = Processes(tmp_path)
        processes.remember("ours", ours.pid)
        processes.remember("gone", foreign.pid)
        record = tmp_path / "processes" / f"{foreign.pid}.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"startedAt": foreign.create_time() - 60}))
        assert stop_stack(tmp_path)
        gone(ours)
        assert foreign.status() != psutil.STATUS_ZOMBIE


def test_a_host_takes_the_place_of_one_whose_id_another_process_got(own):
    own.kill_host()
    with bystander() as foreign:
        functions = own.stack.functions.model_copy(update={"pid": foreign.pid})
        own.stack.model_copy(update={"functions": functions}).write(own.folder)
        with joined_host(own.folder) as (url, _):
            assert url == own.stack.functions.url


def test_a_stack_starts_only_what_is_not_given(own, shared):
    assert (own.stack.arm.url, own.stack.arm.pid) == (shared.stack.arm.url, None)
    assert (own.stack.blob.url, own.stack.blob.account) == (shared.stack.blob.url, shared.stack.blob.account)
    assert (own.stack.blob.pid, own.stack.blob.connection_string) == (None, None)
    assert own.stack.identity == shared.stack.identity
    started = {process.pid for process in Processes(own.folder).running()}
    assert started == {own.stack.functions.pid, own.stack.durable.pid}


def test_a_host_signs_in_at_a_given_identity_and_trusts_given_blobs(own, shared):
    with shared.container() as uploads:
        uploads.upload_blob("given", b"flour")
    own.call("POST", "/admin/functions/on_upload", "master", json={"input": "uploads/given"})
    assert own.noted("on_upload", name="uploads/given")[0]["pid"] == own.stack.functions.pid


def test_two_stacks_have_nothing_in_common(own, shared):
    assert own.call("GET", "/api/guarded").text != shared.call("GET", "/api/guarded").text
    key = {"x-functions-key": own.stack.functions.master_key}
    assert shared.call("GET", "/api/guarded", "none", headers=key).status_code == 401
    links = own.start("whole_story", [1], "same-name")
    assert own.ended(links)["output"] == [4]
    assert shared.call("GET", "/runtime/webhooks/durabletask/instances/same-name", "system").status_code == 404


def test_a_part_that_cannot_start_shows_its_last_words_and_nothing_stays(borrowed, tmp_path):
    broken = tmp_path / "app"
    broken.mkdir()
    (broken / "host.json").write_text("{}")
    (broken / "function_app.py").write_text("raise RuntimeError('The flour is out.')")
    with pytest.raises(StackError, match=r"functions-host did not start[\s\S]*The flour is out\."):
        start_stack(tmp_path / "stack", options(tmp_path, app_folder=broken, **borrowed))
    assert not Processes(tmp_path / "stack").running()
    assert {file.name for file in (tmp_path / "stack").iterdir() if file.suffix == ".json"} == set()


def test_up_names_what_is_wrong_with_the_configuration(tmp_path):
    (tmp_path / "pipeline.json").write_text('{"environments": }')
    answer = local("up", "--folder", "stack", "--parameters", ".", cwd=tmp_path)
    assert answer.returncode == 1
    assert "pipeline.json:1:" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_host_cannot_join_where_nothing_is(tmp_path):
    answer = local("host", "--join", "stack.json", cwd=tmp_path)
    assert answer.returncode == 1
    assert "start a stack first" in answer.stderr


def test_usual_options_are_those_of_the_project():
    assert StackOptions().app_folder == APP_FOLDER
    assert (StackOptions().parameters / "pipeline.json").exists()
