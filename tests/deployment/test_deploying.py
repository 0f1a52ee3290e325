"""`make deploy` and the hook of azd: which commands they give, in which order. A stand-in plays the Azure CLI."""

import os
import re
import subprocess

import pytest

from configuration.reading import read_configuration
from configuration.settings import APP_FOLDER
from tests.deployment.bicep import INFRA, described, meaning

AZ = """#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in
*"functionapp list"*) echo func-image-bakery-prd-1 ;;
*events.bicepparam*) [ "$(grep -c events.bicepparam "$LOG")" -gt "$FAILURES" ] ;;
esac
"""
ENVIRONMENT = {"AZURE_ENV_NAME": "prd", "AZURE_LOCATION": "westeurope"}
APP = "func-image-bakery-prd-1"
GROUP = "--resource-group rg-image-bakery-prd"


@pytest.fixture
def run(tmp_path):
    """Run a script with the stand-in; returns what came of it and the commands that it got."""
    (tmp_path / "az").write_text(AZ)
    (tmp_path / "az").chmod(0o755)

    def run_script(name, failures=0, **environment):
        log = tmp_path / "log"
        log.touch()
        done = subprocess.run(
            [INFRA / name],
            env={
                "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                "LOG": str(log),
                "FAILURES": str(failures),
                "SECONDS_BETWEEN_TRIES": "0",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done, log.read_text().splitlines()

    return run_script


def test_a_deployment_makes_what_azure_has_to_hold_then_the_app_then_its_subscriptions(run):
    done, commands = run("deploy.sh", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    sub = "deployment sub create --name"
    assert commands == [
        f"{sub} image-bakery-prd --location westeurope --parameters infra/main.bicepparam --output none",
        f"functionapp list {GROUP} --query [0].name --output tsv",
        f"functionapp deployment source config-zip {GROUP} --name {APP} --src dist/image-bakery.zip --output none",
        f"{sub} image-bakery-events-prd --location westeurope --parameters infra/events.bicepparam --output none",
    ]


def test_a_subscription_that_is_named_is_named_in_every_command(run):
    done, commands = run("deploy.sh", AZURE_SUBSCRIPTION_ID="11111111-1111", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert len(commands) == 4
    assert all("--subscription 11111111-1111 " in command for command in commands)


def test_an_app_that_has_not_started_yet_is_waited_for(run):
    done, commands = run("subscribe_to_events.sh", failures=2, **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert len(commands) == 3


def test_the_waiting_has_an_end_that_says_what_to_do(run):
    done, commands = run("subscribe_to_events.sh", failures=99, **ENVIRONMENT)
    assert done.returncode == 1
    assert len(commands) == 10
    assert "Run infra/subscribe_to_events.sh again." in done.stderr


@pytest.mark.parametrize("script", ["deploy.sh", "subscribe_to_events.sh"])
def test_nothing_is_deployed_without_a_name(run, script):
    done, commands = run(script, AZURE_LOCATION="westeurope")
    assert done.returncode != 0
    assert "AZURE_ENV_NAME" in done.stderr
    assert commands == []


def test_azd_subscribes_the_app_once_it_is_deployed():
    text = (APP_FOLDER / "azure.yaml").read_text()
    assert re.search(r"^  postdeploy:\n    posix:\n.*\n      run: infra/subscribe_to_events\.sh$", text, re.MULTILINE)
    assert "--parameters infra/events.bicepparam" in text
    assert "azd-service-name': 'app'" in (INFRA / "modules" / "app.bicep").read_text()
    assert re.search(r"^services:\n  app:$", text, re.MULTILINE)


def test_the_environments_of_the_pipeline_are_those_of_the_deployment():
    """The parameter files take them from the operator's own file: name and subscription are all that is read."""
    for name in ("main.bicepparam", "events.bicepparam"):
        text = (INFRA / name).read_text()
        assert "param environments = loadJsonContent('../parameters/pipeline.json').environments" in text
    reading = read_configuration(APP_FOLDER / "parameters", APP_FOLDER / "customization")
    assert reading.pipeline is not None
    assert all(one.name and one.subscription_id for one in reading.pipeline.environments)


def shown(default: object) -> str:
    """A default value as the page shows it."""
    words = {"None": "required", "[]": "none", "{}": "none", "": "empty"}
    told = str(default).lower() if isinstance(default, bool) else str(default)
    return words.get(told, f"`{told}`")


def test_the_page_tells_every_parameter_with_its_default():
    page = (APP_FOLDER / "docs" / "deployment.md").read_text()
    rows = [
        f"| `{name}` | {shown(one['default'])} | {described(one)} |"
        for name, one in meaning("main.bicep")["parameters"].items()
    ]
    assert rows == re.findall(r"^\| `\w+` \| .* \| .* \|$", page, re.MULTILINE)


def test_the_page_tells_every_variable_of_the_parameters():
    page = (APP_FOLDER / "docs" / "deployment.md").read_text()
    text = (INFRA / "main.bicepparam").read_text()
    variables = re.findall(r"^param (\w+) = .*readEnvironmentVariable\('(\w+)'", text, re.MULTILINE)
    assert variables
    assert [(name, variable) for variable, name in re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", page, re.MULTILINE)] == (
        variables
    )


def test_the_workflow_hands_every_variable_on():
    read = set(re.findall(r"readEnvironmentVariable\('(\w+)'", (INFRA / "main.bicepparam").read_text()))
    step = (APP_FOLDER / ".github" / "workflows" / "deploy.yml").read_text().partition("run: infra/deploy.sh")[2]
    handed = re.findall(r"^          (\w+): \$\{\{ vars\.(\w+)", step, re.MULTILINE)
    assert all(name == variable for name, variable in handed)
    assert {name for name, _ in handed} == {"AZURE_SUBSCRIPTION_ID", *read}


def test_the_page_gives_the_commands_that_the_script_gives():
    page = (APP_FOLDER / "docs" / "deployment.md").read_text()
    for command in ("infra/main.bicepparam", "--src dist/image-bakery.zip", "infra/events.bicepparam"):
        assert command in page
        assert command in (INFRA / "deploy.sh").read_text() + (INFRA / "subscribe_to_events.sh").read_text()


def test_every_command_that_needs_azure_says_so():
    page = (APP_FOLDER / "docs" / "deployment.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line.startswith(("az", "make", "AUTH"))]
    script = blocks[2].splitlines()
    assert all("# needs Azure" in line for line in commands if line not in script)
