"""A functions host that is killed while a build runs, and another that takes its place."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from local.stack import APP_FOLDER, StackOptions, local_stack
from tests.whole_app.driving import Bakery, eventually


@pytest.fixture
def own_stack(tmp_path):
    """A stack of the test's own: it is going to be hurt."""
    with (
        local_stack(tmp_path, StackOptions(build_seconds=4)) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        yield driver, tmp_path


def step_of(run):
    return [stage["steps"][-1]["name"] for stage in run["stages"] if stage["steps"]][-1:]


@pytest.mark.parametrize("step", ["infrastructure", "build"])
def test_a_host_that_is_killed_and_started_again_ends_the_run_normally(own_stack, step):
    bakery, folder = own_stack
    run_id = bakery.start(image="linux", scope="all")
    eventually(lambda: bakery.run(run_id), lambda run: step_of(run) == [step], 30)
    os.kill(bakery.stack["functions"]["pid"], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(bakery.stack["functions"]["pid"])], timeout=10)

    command = [sys.executable, "-m", "local", "host", "--join", str(folder / "stack.json")]
    with subprocess.Popen(command, cwd=APP_FOLDER, stdout=subprocess.PIPE) as host:
        try:
            assert host.stdout.readline()
            run = bakery.ended(run_id)
            assert run["state"] == "Succeeded", run
            templates = {entry["url"].partition("?")[0] for entry in bakery.requests("PUT", "/imageTemplates/")}
            accepted = [one for one in bakery.requests("POST", "/run") if one["response"]["status"] == 202]
            assert len(templates) == 1
            assert len(accepted) == 1
            version_id = run["stages"][0]["result"]["imageVersionId"]
            assert version_id.endswith("/versions/1.0.0")
        finally:
            host.terminate()


def test_two_hosts_share_the_work_and_neither_doubles_it(own_stack):
    bakery, folder = own_stack
    command = [sys.executable, "-m", "local", "host", "--join", str(folder / "stack.json")]
    with subprocess.Popen(command, cwd=APP_FOLDER, stdout=subprocess.PIPE) as host:
        try:
            assert host.stdout.readline()
            run = bakery.ended(bakery.start(image="linux", scope="all"))
            assert run["state"] == "Succeeded", run
            assert len(bakery.requests("PUT", "/imageTemplates/")) == 1
            assert len(bakery.requests("POST", "/run")) == 1
        finally:
            host.terminate()
