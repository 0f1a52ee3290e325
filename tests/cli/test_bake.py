"""`bake`, as `make bake` runs it: the whole local stack, and nothing left of it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def bake(folder: Path, environment: dict[str, str], *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "bake", "--folder", str(folder), *options],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_bake_ends_with_the_image_version_and_leaves_no_stack(tmp_path: Path, environment: dict[str, str]) -> None:
    process = bake(tmp_path, environment, "--build-seconds", "1")
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    version_id = output.splitlines()[-1]
    assert version_id.startswith("/subscriptions/")
    assert "/images/linux-ubuntu-24-04/versions/" in version_id
    assert "sbx  build: Succeeded" in errors
    assert not (tmp_path / "stack.json").exists()


def test_a_bake_of_an_unknown_image_exits_with_2(tmp_path: Path, environment: dict[str, str]) -> None:
    process = bake(tmp_path, environment, "--image", "nothing")
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 2
    assert not output
    assert "image (nothing)" in errors.splitlines()[-1]


def test_a_bake_that_is_told_to_end_once_or_twice_stops_what_it_started(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    process = bake(tmp_path, environment, "--build-seconds", "600")
    stack_file = tmp_path / "stack.json"
    _wait_until(stack_file.exists)
    stack = json.loads(stack_file.read_text())
    process.send_signal(signal.SIGTERM)
    assert process.stderr
    while process.stderr.readline() not in {"Stopping the local stack ...\n", ""}:
        pass
    process.send_signal(signal.SIGINT)
    with process:
        # `communicate` would not see what the reading above has taken from the pipe already.
        errors = process.stderr.read()
        assert process.wait(30) == 130, errors
    assert errors == "Stopped.\n"
    assert not stack_file.exists()
    for part in ("functions", "arm", "blob", "durable"):
        with pytest.raises(ProcessLookupError):
            os.kill(stack[part]["pid"], 0)


def _wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
