"""Commands that stay until a run has ended: what they print, where, and their exit code."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.reports import print_run
from models.pipeline_record import PipelineRecord
from tests.cli.conftest import Cli
from tests.cli.double import KEY, HttpApi
from tests.cli.story import (
    APPROVED,
    CHECK,
    REMARK,
    RESULT,
    SCRIPT_HASHES,
    SUCCESS,
    VERSION_ID,
    WAITING,
    at,
    failed,
    run,
)

PROJECT = Path(__file__).parents[2]
FAST = ("--follow", "--poll-seconds", "0.01")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def without_time(line: str) -> str:
    """Return what a line of progress tells after the time that the run has taken so far."""
    return line.strip().partition("  ")[2]


def test_a_success_exits_with_0_and_its_last_line_is_the_image_version(cli: Cli, api: HttpApi) -> None:
    api.script = SUCCESS
    ended = cli("start", "--image", "linux", *FAST)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == VERSION_ID
    assert api.started == [{"image": "linux"}]


def test_progress_is_one_line_for_each_change_and_goes_to_standard_error(cli: Cli, api: HttpApi) -> None:
    api.script = [SUCCESS[0], SUCCESS[0], *SUCCESS[1:4], SUCCESS[3], *SUCCESS[4:]]
    ended = cli("show", "a-run", *FAST)
    lines = [without_time(line) for line in ended.stderr.splitlines()]
    assert lines == [
        "run linux-20261125-100000-abcdef: image linux, scope all",
        "sbx  check: Running",
        "sbx  check: Succeeded in 1.0 s",
        "sbx  infrastructure: Running",
        "sbx  infrastructure: Succeeded in 6.0 s (9 resources are there.)",
        "sbx  scripts: Succeeded in 1.0 s (4 scripts are there.)",
        "sbx  imageTemplate: Succeeded in 4.0 s",
        "sbx  build: Running",
        "sbx  build: Running, Building",
        "sbx  build: Running, Customizing",
        "sbx  build: Running, Distributing",
        "sbx  build: Succeeded",
        "sbx  build: Succeeded in 22.0 s",
        "sbx  publication: Succeeded in 2.0 s",
        "sbx  Succeeded",
        "run linux-20261125-100000-abcdef: Succeeded after 0:36",
    ]
    assert ended.stderr.splitlines()[-1].startswith("   0:36  ")


def test_the_result_tells_what_is_inside_the_image(cli: Cli, api: HttpApi) -> None:
    api.script = SUCCESS[-1:]
    ended = cli("show", "a-run")
    lines = [re.sub(r"  +", "  ", line).strip() for line in ended.stdout.splitlines()]
    for expected in (
        "linux-20261125-100000-abcdef  Succeeded  0:36",
        "infrastructure  Succeeded  6.0  9 resources are there.",
        "Customizing  12.0",
        f"image version  {VERSION_ID}",
        "replication  Completed",
        "image template  linux-t",
        "source version  24.04.202611120",
        "log  https://127.0.0.1:10000/pool01/packerlogs/1b/customization.log",
        f"linux/install_powershell.sh  packaged  {'aa' * 32}",
        f"Remark: {REMARK['file']}:12:7 {REMARK['path']}: {REMARK['problem']} -> {REMARK['instead']}",
    ):
        assert expected in lines
    assert lines[-1] == VERSION_ID


@pytest.mark.parametrize("state", ["Failed", "Canceled", "PartiallySucceeded", "TimedOut"])
def test_any_other_end_exits_with_1_and_says_where_why_and_what_to_do(cli: Cli, api: HttpApi, state: str) -> None:
    api.script = [*SUCCESS[:4], failed(state)]
    ended = cli("start", *FAST)
    assert ended.exit_code == 1
    assert ended.stderr.splitlines()[-3:] == [
        f"The run linux-20261125-100000-abcdef ended as {state} in sbx at the step build.",
        "PackerBuildFailed: Script exited with non-zero exit status: 1.",
        "What to do: See customization.log.",
    ]
    assert VERSION_ID not in ended.stdout


def test_an_approval_that_is_waited_for_is_told_and_so_is_its_decision(cli: Cli, api: HttpApi) -> None:
    api.script = [WAITING, WAITING, APPROVED, SUCCESS[-1]]
    ended = cli("show", "a-run", *FAST)
    lines = [without_time(line) for line in ended.stderr.splitlines() if "approval" in line]
    assert lines == [
        "prd  approval: Waiting until 2026-11-25 10:10 UTC",
        "prd  approval: Approved by ada@example.org (not signed in): looks good",
    ]


def test_a_waiting_run_says_how_it_is_decided_on(cli: Cli, api: HttpApi) -> None:
    api.script = [WAITING]
    ended = cli("show", "a-run")
    assert ended.exit_code == 0
    assert (
        "Approval of prd: Waiting until 2026-11-25 10:10 UTC; `approve linux-20261125-100000-abcdef prd` decides"
    ) in ended.stdout.splitlines()


def test_a_canceled_run_says_who_wanted_it_and_why(cli: Cli, api: HttpApi) -> None:
    wish = {"who": {"name": "ada@example.org", "verified": True}, "reason": "too early", "requestedAt": at(30)}
    api.script = [
        run(CHECK, state="Canceled", endedAt=at(35), run_state="Canceled", run_endedAt=at(35), run_canceledBy=wish)
    ]
    assert "Canceled by ada@example.org: too early" in cli("show", "a-run").stdout.splitlines()


def test_what_a_build_left_half_made_is_shown_with_what_became_of_it(cli: Cli, api: HttpApi) -> None:
    refused = {"artifact": "/images/golden", "failure": {"code": "ScopeLocked", "message": "The group is locked."}}
    end = failed("Canceled")
    end["stages"][0]["result"]["halfMade"] = [{"artifact": VERSION_ID}, refused]
    api.script = [end]
    assert [line for line in cli("show", "a-run").stdout.splitlines() if "half made" in line] == [
        f"The build left {VERSION_ID} half made: it is being removed.",
        "The build left /images/golden half made: it could not be removed, ScopeLocked: The group is locked.",
    ]


def test_scripts_are_shown_with_where_they_come_from(cli: Cli, api: HttpApi) -> None:
    uploaded = {**SCRIPT_HASHES[0], "origin": "uploaded", "uploadedAt": "2026-11-25T09:30:00Z"}
    stage = {**SUCCESS[-1]["stages"][0], "result": {**RESULT, "scripts": [uploaded, SCRIPT_HASHES[1]]}}
    api.script = [{**SUCCESS[-1], "stages": [stage]}]
    rows = [line.split() for line in cli("show", "a-run").stdout.splitlines() if line.startswith("linux/")]
    assert [row[1:-1] for row in rows] == [["uploaded", "2026-11-25", "09:30", "UTC"], ["packaged"]]


def test_a_narrow_terminal_cuts_the_hash_and_nothing_else() -> None:
    console = Console(width=60, file=StringIO())
    with console.capture() as printed:
        print_run(console, PipelineRecord.from_payload(SUCCESS[-1]))
    rows = [line for line in printed.get().splitlines() if line.startswith("linux/")]
    assert [row.split()[:2] for row in rows] == [[script["path"], "packaged"] for script in SCRIPT_HASHES]
    for row, script in zip(rows, SCRIPT_HASHES, strict=True):
        assert script["sha256"].startswith(row.split()[2].rstrip("…"))


def test_a_build_that_its_run_did_not_wait_for_is_followed_to_its_end(cli: Cli, api: HttpApi) -> None:
    api.script = [{**SUCCESS[3], "state": "Triggered", "endedAt": SUCCESS[-1]["endedAt"]}]
    assert cli("show", "a-run").exit_code == 0
    api.script = [*api.script * 3, SUCCESS[-1]]
    ended = cli("show", "a-run", *FAST)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == VERSION_ID
    assert [
        without_time(line) for line in ended.stderr.splitlines() if ": Triggered" in line or ": Succeeded after" in line
    ] == [
        "run linux-20261125-100000-abcdef: Triggered after 0:36",
        "run linux-20261125-100000-abcdef: Succeeded after 0:36",
    ]


def test_a_run_that_broke_outside_of_a_stage_says_why(cli: Cli, api: HttpApi) -> None:
    broken = {**SUCCESS[0], "state": "Failed", "endedAt": SUCCESS[-1]["endedAt"], "stages": []}
    api.script = [{**broken, "failure": {"code": "RunLost", "message": "It is not known.", "whatToDo": None}}]
    ended = cli("show", "a-run", *FAST)
    assert ended.exit_code == 1
    assert "RunLost: It is not known." in ended.stderr


def test_an_app_that_restarts_meanwhile_is_waited_for(cli: Cli, api: HttpApi) -> None:
    api.script = [SUCCESS[0], 500, 503, SUCCESS[-1]]
    ended = cli("show", "a-run", *FAST)
    assert ended.exit_code == 0
    assert ended.stdout.splitlines()[-1] == VERSION_ID


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Let children be interrupted: those of a runner that a shell has put into the background ignore it by birth."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("interrupts")
def test_ctrl_c_leaves_with_one_word(api: HttpApi, environment: dict[str, str]) -> None:
    api.script = SUCCESS[:1]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "show", "a-run", *FAST, "--url", api.url, "--key", KEY],
        cwd=PROJECT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_until(lambda: api.looks > 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "Stopped."
    assert "Traceback" not in errors


def test_a_terminal_gets_a_picture_that_is_gone_at_the_end(
    api: HttpApi, environment: dict[str, str], tmp_path: Path
) -> None:
    api.script = [*SUCCESS[:4], *SUCCESS[3:4] * 20, *[WAITING] * 20, SUCCESS[-1]]
    controller, terminal = pty.openpty()
    output = tmp_path / "output"
    with output.open("w") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "show", "a-run", *FAST, "--url", api.url, "--key", KEY],
            cwd=PROJECT,
            env={**environment, "TERM": "xterm", "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=terminal,
        )
    os.close(terminal)
    seen: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(controller, seen))
    reader.start()
    assert process.wait(30) == 0
    reader.join(10)
    os.close(controller)
    picture = ESCAPES.sub("", b"".join(seen).decode())
    assert "Baking linux  linux-20261125-100000-abcdef" in picture
    assert "Running, Building" in picture
    assert "Waiting until 2026-11-25 10:10 UTC" in picture
    assert output.read_text().splitlines()[-1] == VERSION_ID


def _read_all(controller: int, seen: list[bytes]) -> None:
    try:
        while data := os.read(controller, 65536):
            seen.append(data)
    except OSError:
        return  # the other side is closed


def _wait_until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
