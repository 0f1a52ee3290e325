"""Single requests: what is asked, what is printed, and the exit code."""

import re
import socket
from pathlib import Path

import pytest
from typer.main import get_command

from cli.commands import app
from tests.cli.conftest import Cli
from tests.cli.double import HttpApi
from tests.cli.story import FAULTS, IMAGES, PLAN, SUCCESS, SUMMARIES, UPLOADS

COMMANDS = pytest.mark.parametrize(
    "command",
    [("plan",), ("start",), ("show", "a-run"), ("show", "a-run", "--follow"), ("list",), ("images",), ("uploads",)],
)
OPTIONS = ("--image", "linux", "--start-environment", "dev", "--stop-environment", "prd", "--scope", "only-image")
ASKED = {"image": "linux", "startEnvironment": "dev", "stopEnvironment": "prd", "scope": "only-image"}


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ((), {}),
        (OPTIONS, ASKED),
        (("--keep", "--no-wait"), {"removeImageTemplates": False, "waitForImageBuild": False}),
    ],
)
def test_start_and_plan_ask_for_what_was_given(
    cli: Cli, api: HttpApi, options: tuple[str, ...], asked: dict[str, str]
) -> None:
    api.planned = PLAN
    ended = cli("start", *options)
    assert (ended.exit_code, ended.stdout) == (0, "a-run\n")
    assert cli("plan", *options).exit_code == 0
    assert api.started == [asked, asked]


def test_a_start_says_who_asks_for_it(cli: Cli, api: HttpApi) -> None:
    assert cli("start", "--who", "ada@example.org").exit_code == 0
    assert api.started == [{"who": "ada@example.org"}]


def test_a_plan_is_told_step_by_step(cli: Cli, api: HttpApi) -> None:
    api.planned = PLAN
    ended = cli("plan")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert [re.split(r"  +", line.rstrip()) for line in ended.stdout.splitlines() if line.strip()] == [
        ["image linux, scope all"],
        ["sbx", "what it would do"],
        ["check", "Reads the parameter files."],
        ["removal", "Keeps the build log of it-linux-1, and removes it."],
        ["", "Leaves the image template it-linux-2 alone: Its build is [Running]."],
        ["Remark: pipeline.json:3:9 environments[0].subscriptionId: Not registered. -> nothing"],
        ["Remark: uploads/linux/install.sh:7: It asks. -> -y"],
    ]


def test_a_plan_with_faults_exits_with_2_and_names_them(cli: Cli, api: HttpApi) -> None:
    api.planned = PLAN | {"faults": FAULTS["faults"]}
    ended = cli("plan")
    assert ended.exit_code == 2
    assert "what it would do" in ended.stdout
    assert ended.stderr.splitlines()[0] == "Such a run is not started. Faults to mend: 2."
    assert len(ended.stderr.splitlines()) == 3


def test_a_plan_names_the_run_that_is_on(cli: Cli, api: HttpApi) -> None:
    api.planned = PLAN | {"running": {"id": "r1", "statusUrl": "https://app/api/runs/r1"}}
    ended = cli("plan")
    assert ended.exit_code == 0
    assert ended.stdout.splitlines()[-1] == "The run r1 of this image is on: none can start until it is over."


def test_where_the_pipelines_file_is_wrong_only_faults_are_told(cli: Cli, api: HttpApi) -> None:
    api.planned = {"image": None, "scope": None, "environments": [], "faults": FAULTS["faults"]}
    ended = cli("plan")
    assert (ended.exit_code, ended.stdout.strip()) == (2, "")


def test_a_refused_request_exits_with_2_and_names_every_fault(cli: Cli, api: HttpApi) -> None:
    api.refusal = (400, FAULTS)
    ended = cli("start", "--follow")
    assert ended.exit_code == 2
    assert not ended.stdout
    assert ended.stderr.splitlines() == [
        "The run was not started. 2 fault(s) to mend; nothing was changed.",
        (
            "sbx.imageInfra.parameters.json:31:17 parameters.saParam.value.name (Not_A_Name): "
            "Azure refuses this name of a storage account. -> 3 to 24 lower-case letters and digits"
        ),
        "request scope: This scope is unknown. -> all, only-image",
    ]


def test_a_run_that_is_on_is_named(cli: Cli, api: HttpApi) -> None:
    api.refusal = (409, {"title": "A run of this image is on", "detail": "linux is being built by r1."})
    ended = cli("start")
    assert ended.exit_code == 2
    assert ended.stderr == "A run of this image is on. linux is being built by r1.\n"


def test_a_decision_is_sent_with_its_reason_and_its_effect_printed(cli: Cli, api: HttpApi) -> None:
    ended = cli("approve", "a-run", "prd", "--reject", "--reason", "Not this week.", "--who", "ann")
    assert (ended.exit_code, ended.stdout) == (0, "prd: Approved\n")
    assert api.started == [
        {"path": "/api/runs/a-run/approvals/prd", "decision": "rejected", "reason": "Not this week.", "who": "ann"}
    ]


def test_who_has_signed_in_decides_with_the_token_of_the_environment(cli: Cli, api: HttpApi) -> None:
    assert cli("approve", "a-run", "prd", token="a-token").exit_code == 0
    assert api.sign_ins == {"Bearer a-token"}


def test_without_a_sign_in_there_is_only_the_key(cli: Cli, api: HttpApi) -> None:
    assert cli("approve", "a-run", "prd").exit_code == 0
    assert api.sign_ins == {None}


def test_a_token_that_is_not_accepted_is_one_sentence_without_the_token(cli: Cli) -> None:
    ended = cli("approve", "a-run", "prd", key="another-key", token="an-old-token")
    assert ended.exit_code == 2
    assert "does not accept the sign-in in IMAGE_BAKERY_TOKEN, or the function key" in ended.stderr
    assert "an-old-token" not in ended.stderr


def test_a_decision_without_effect_says_why(cli: Cli, api: HttpApi) -> None:
    api.refusal = (403, {"title": "The decision has no effect", "detail": "eve is not among the approvers of 'prd'."})
    ended = cli("approve", "a-run", "prd")
    assert ended.exit_code == 2
    assert ended.stderr == "The decision has no effect. eve is not among the approvers of 'prd'.\n"


def test_a_cancellation_is_sent(cli: Cli, api: HttpApi) -> None:
    ended = cli("cancel", "a-run", "--reason", "Wrong branch.")
    assert (ended.exit_code, ended.stdout) == (0, "a-run: canceling\n")
    assert api.started == [{"path": "/api/runs/a-run/cancel", "reason": "Wrong branch."}]


def test_a_run_that_goes_on_is_shown_as_it_stands(cli: Cli, api: HttpApi) -> None:
    api.script = SUCCESS[4:5]
    ended = cli("show", "a-run")
    assert ended.exit_code == 0
    assert re.search(r"^build +Running *$", ended.stdout, re.MULTILINE)
    assert api.looks == 1


def test_images_are_shown_with_their_source_their_age_and_why_they_are_to_be_built_anew(cli: Cli, api: HttpApi) -> None:
    api.images = IMAGES
    ended = cli("images")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert [re.split(r"  +", line.strip()) for line in ended.stdout.splitlines() if line.strip()] == [
        ["linux (Linux), the run linux-20261125-100000-abcdef is on"],
        ["environment", "version", "source", "age", "started by", "to be built anew"],
        ["sbx", "1.0.3", "24.04.202611050", "2 d 3 h", "timer", "no"],
        ["prd", "none", "There is no successful build in prd yet."],
        ["The patch of 2026-11 is the run linux-20261111-030000-00000a (Succeeded)."],
    ]


def test_an_image_that_no_timer_patches_says_so(cli: Cli, api: HttpApi) -> None:
    api.images = [{**IMAGES[0], "patch": None}]
    assert "Its schedule is off: no timer patches it." in cli("images").stdout.splitlines()


def test_uploads_are_shown_with_the_images_that_use_them_and_why_others_are_of_no_use(cli: Cli, api: HttpApi) -> None:
    api.uploads = UPLOADS
    ended = cli("uploads")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert [re.split(r"  +", line.strip()) for line in ended.stdout.splitlines()] == [
        ["upload", "uploaded (UTC)", "used by", "SHA-256"],
        ["linux/install_powershell.sh", "2026-11-25 09:30:00", "linux, agents", "aa" * 32],
        ["linux/spare.sh", "2026-11-25 09:30:00", "no image", "aa" * 32],
        ["Of no use: 'Linux/a.sh' of 2026-11-25 09:30:00 UTC. Wrong folder. -> Upload it as linux/a.sh."],
    ]
    api.uploads = {"uploads": [], "refused": []}
    assert cli("uploads").stdout.startswith("Nothing is uploaded that counts")


def test_leftovers_are_shown_with_what_was_done_about_them_and_why(cli: Cli, api: HttpApi) -> None:
    left = {"kind": "imageTemplate", "name": "/it", "runId": "r", "because": "Its run was broken off.", "failure": None}
    refused = {"code": "Conflict", "message": "It is busy."}
    api.leftovers = {
        "sweptAt": "2026-11-25T10:00:00Z",
        "leftovers": [{**left, "remedy": "Removed"}, {**left, "remedy": "Reported", "failure": refused}],
        "unanswered": ["AuthorizationFailed: No right to list."],
    }
    assert cli("leftovers").stdout.splitlines() == [
        "Removed imageTemplate /it",
        "Its run was broken off.",
        "Reported imageTemplate /it",
        "Its run was broken off.",
        "It could not be done: Conflict: It is busy.",
        "Not known: AuthorizationFailed: No right to list.",
    ]
    api.leftovers = {"sweptAt": "2026-11-25T10:00:00Z", "leftovers": [], "unanswered": []}
    assert cli("leftovers").stdout == "Nothing was left, as of 2026-11-25 10:00 UTC.\n"
    api.leftovers = {"sweptAt": None, "leftovers": [], "unanswered": []}
    assert cli("leftovers").stdout.startswith("There was no sweep yet")


def test_list_shows_a_line_for_each_run(cli: Cli, api: HttpApi) -> None:
    api.runs = SUMMARIES
    ended = cli("list")
    lines = [re.split(r"  +", line.strip()) for line in ended.stdout.splitlines()]
    assert lines == [
        ["run", "image", "scope", "started by", "state", "started (UTC)", "took"],
        ["linux-20261125-100000-abcdef", "linux", "all", "http", "Running", "2026-11-25 10:00:00"],
        [
            "linux-20261124-100000-123456",
            "linux",
            "only-image",
            "timer",
            "PartiallySucceeded",
            "2026-11-24 10:00:00",
            "1:02:03",
        ],
    ]
    assert len(cli("list", "--limit", "1").stdout.splitlines()) == 2


def test_the_local_stack_is_found_by_its_file(cli: Cli, api: HttpApi, stack_json: Path) -> None:
    api.runs = SUMMARIES
    ended = cli("list", "--stack", stack_json, url="", key=None)
    assert ended.exit_code == 0, ended.stderr
    assert "linux-20261125-100000-abcdef" in ended.stdout


def test_a_missing_stack_is_one_sentence(cli: Cli, tmp_path: Path) -> None:
    ended = cli("list", "--stack", tmp_path / "stack.json", url="", key=None)
    assert ended.exit_code == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "There is no local stack at" in ended.stderr


@COMMANDS
def test_an_app_that_does_not_answer_is_one_sentence(cli: Cli, command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    ended = cli(*command, url=url)
    assert ended.exit_code == 1
    assert len(ended.stderr.splitlines()) == 1
    assert f"Image Bakery does not answer at {url}: " in ended.stderr


@COMMANDS
def test_a_wrong_key_is_one_sentence_without_the_key(cli: Cli, command: tuple[str, ...]) -> None:
    ended = cli(*command, key="another-key")
    assert ended.exit_code == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "does not accept the function key" in ended.stderr
    assert "another-key" not in ended.stderr


@pytest.mark.parametrize("answer", [500, {"some": "JSON"}, []])
def test_another_answer_than_the_apps_is_one_sentence(cli: Cli, api: HttpApi, answer: object) -> None:
    api.script = [answer]
    ended = cli("show", "a-run")
    assert ended.exit_code == 1
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [("start", "--scope", "everything"), ("show",), ("list", "--limit", "0"), ("no",)])
def test_a_mistyped_command_exits_with_2_and_asks_nothing(cli: Cli, api: HttpApi, command: tuple[str, ...]) -> None:
    ended = cli(*command)
    assert ended.exit_code == 2
    assert "Usage: python -m cli" in ended.stderr
    assert not api.started


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"python -m cli {command}" in (Path(__file__).parents[2] / "README.md").read_text()
