"""`make deploy` and the hooks of azd: which commands they give, in which order. Stand-ins play `az` and `curl`."""

import os
import re
import subprocess
import sys
from textwrap import dedent

import pytest

from configuration.reading import read_configuration
from configuration.settings import APP_FOLDER
from tests.deployment.bicep import INFRA, described, meaning

# Each deployment fails as often as it is told to; the site tells one status after the other, and the last one for good.
AZ = """#!/bin/sh
echo "az $*" >> "$LOG"
case "$*" in
*"functionapp list"*) echo func-image-bakery-prd-1 ;;
*"resource show"*) echo func-image-bakery-prd-1.scm.azurewebsites.net ;;
*"get-access-token"*) echo TOKEN ;;
*"/log "*) echo "The container cannot be written to." ;;
*"--query status"*)
    asked=$(grep -c "query status" "$LOG")
    set -- $STATUSES
    while [ "$asked" -gt 1 ] && [ $# -gt 1 ]; do shift; asked=$((asked - 1)); done
    echo "$1"
    ;;
*events.bicepparam*) [ "$(grep -c events.bicepparam "$LOG")" -gt "$EVENT_FAILURES" ] ;;
*main.bicepparam*) [ "$(grep -c main.bicepparam "$LOG")" -gt "$INFRASTRUCTURE_FAILURES" ] ;;
esac
"""
CURL = """#!/bin/sh
echo "curl $*" >> "$LOG"
cat > "$LOG.stdin"
if [ "$(grep -c "^curl" "$LOG")" -le "$PACKAGE_FAILURES" ]; then
    echo '{"Message": "Not now."}'
    exit 22
fi
echo '"d1"'
"""
ENVIRONMENT = {"AZURE_ENV_NAME": "prd", "AZURE_LOCATION": "westeurope"}
APP = "func-image-bakery-prd-1"
GROUP = "--resource-group rg-image-bakery-prd"
SITE = f"https://{APP}.scm.azurewebsites.net/api"
AZD = (APP_FOLDER / "azure.yaml").read_text()


@pytest.fixture
def run(tmp_path):
    """Run a script with the stand-ins; returns what came of it and the commands that they got."""
    for name, text in {"az": AZ, "curl": CURL}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run_script(name, **environment):
        log = tmp_path / "log"
        log.touch()
        done = subprocess.run(
            [INFRA / name],
            env={
                "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                "LOG": str(log),
                "STATUSES": "4",
                "EVENT_FAILURES": "0",
                "INFRASTRUCTURE_FAILURES": "0",
                "PACKAGE_FAILURES": "0",
                "SECONDS_BETWEEN_TRIES": "0",
                "SECONDS_BETWEEN_POLLS": "0",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done, log.read_text().splitlines()

    return run_script


def test_a_deployment_makes_what_azure_has_to_hold_then_the_app_then_its_subscriptions(run, tmp_path):
    done, commands = run("deploy.sh", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    sub = "az deployment sub create --name"
    site = "properties.hostNameSslStates[?hostType=='Repository'].name | [0]"
    how = "--config - --silent --show-error --fail-with-body --max-time 600 --header Content-Type: application/zip"
    assert commands == [
        f"{sub} image-bakery-prd --location westeurope --parameters infra/main.bicepparam --output none",
        f"az functionapp list {GROUP} --query [0].name --output tsv",
        f"az resource show {GROUP} --name {APP} --resource-type Microsoft.Web/sites --query {site} --output tsv",
        "az account get-access-token --query accessToken --output tsv",
        f"curl {how} --data-binary @dist/image-bakery.zip {SITE}/publish?RemoteBuild=false&Deployer=image-bakery",
        f"az rest --resource https://management.azure.com/ --url {SITE}/deployments/d1 --output tsv --query status",
        f"{sub} image-bakery-events-prd --location westeurope --parameters infra/events.bicepparam --output none",
    ]
    assert (tmp_path / "log.stdin").read_text() == 'header = "Authorization: Bearer TOKEN"\n'


def test_a_subscription_that_is_named_is_named_in_every_command(run):
    done, commands = run("deploy.sh", AZURE_SUBSCRIPTION_ID="11111111-1111", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    of_azure = [command for command in commands if command.startswith("az ")]
    assert len(of_azure) == 6
    assert all("--subscription 11111111-1111" in command for command in of_azure)


def times(commands, part):
    return sum(part in command for command in commands)


def test_a_role_that_was_just_made_gets_a_second_try(run):
    done, commands = run("deploy.sh", INFRASTRUCTURE_FAILURES="1", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert times(commands, "main.bicepparam") == 2


def test_infrastructure_that_is_refused_twice_ends_the_deployment(run):
    done, commands = run("deploy.sh", INFRASTRUCTURE_FAILURES="2", **ENVIRONMENT)
    assert done.returncode != 0
    assert len(commands) == 2


def test_a_deployment_of_the_package_is_followed_to_its_end(run):
    done, commands = run("deploy.sh", STATUSES="0 1 2 4", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert times(commands, "--query status") == 4
    assert times(commands, "curl") == 1


@pytest.mark.parametrize("status", ["3", "5", "6", "-1"])
def test_a_deployment_of_the_package_that_fails_is_told_and_tried_again(run, status):
    done, commands = run("deploy.sh", STATUSES=f"1 {status} 4", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert f"with the status {status}:\nThe container cannot be written to." in done.stderr
    assert times(commands, "curl") == 2


def test_a_package_that_is_refused_for_good_ends_the_deployment_with_what_azure_says(run):
    done, commands = run("deploy.sh", PACKAGE_FAILURES="99", **ENVIRONMENT)
    assert done.returncode == 1
    assert times(commands, "curl") == 10
    assert '{"Message": "Not now."}' in done.stderr
    assert "Run infra/deploy.sh again." in done.stderr
    assert times(commands, "events.bicepparam") == 0


def test_a_deployment_of_the_package_that_never_ends_is_given_up(run):
    done, commands = run("deploy.sh", STATUSES="2", **ENVIRONMENT)
    assert done.returncode == 1
    assert "not over after ten minutes; its status is 2." in done.stderr
    assert times(commands, "--query status") == 120
    assert times(commands, "curl") == 1


def test_an_app_that_has_not_started_yet_is_waited_for(run):
    done, commands = run("subscribe_to_events.sh", EVENT_FAILURES="2", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert len(commands) == 3


def test_the_waiting_has_an_end_that_says_what_to_do(run):
    done, commands = run("subscribe_to_events.sh", EVENT_FAILURES="99", **ENVIRONMENT)
    assert done.returncode == 1
    assert len(commands) == 10
    assert "Run infra/subscribe_to_events.sh again." in done.stderr


@pytest.mark.parametrize("script", ["deploy.sh", "subscribe_to_events.sh"])
def test_nothing_is_deployed_without_a_name(run, script):
    done, commands = run(script, AZURE_LOCATION="westeurope")
    assert done.returncode != 0
    assert "AZURE_ENV_NAME" in done.stderr
    assert commands == []


def hook(name, system):
    """What azd runs then, on a system."""
    of_all = re.search(rf"^( *){name}:\n(?:\1  .*\n)+", AZD, re.MULTILINE)[0]
    of_system = re.search(rf"^( *){system}:\n(?:\1  .*\n)+", of_all, re.MULTILINE)[0]
    return dedent(re.search(r"run: (?:\|\n)?((?:.*\n)+)", of_system)[1])


def test_azd_subscribes_the_app_once_it_is_deployed():
    assert hook("postdeploy", "posix") == "infra/subscribe_to_events.sh\n"
    assert "--parameters infra/events.bicepparam" in hook("postdeploy", "windows")
    assert "azd-service-name': 'app'" in (INFRA / "modules" / "app.bicep").read_text()
    assert re.search(r"^services:\n  app:$", AZD, re.MULTILINE)


def test_azd_waits_for_the_app_as_long_on_windows():
    script = (INFRA / "subscribe_to_events.sh").read_text()
    (tries,), (pause,) = re.findall(r"tries=(\d+)", script), re.findall(r"SECONDS_BETWEEN_TRIES:=(\d+)", script)
    windows = hook("postdeploy", "windows")
    assert f"foreach ($try in 1..{tries})" in windows
    assert f"Start-Sleep -Seconds {pause}" in windows


def test_azd_deploys_the_package_of_make_package_and_has_nothing_built(tmp_path):
    """The hook is run on a package of one file, over what an earlier one left."""
    assert re.search(r"^    dist: dist/app\n    remoteBuild: false$", AZD, re.MULTILINE)
    for folder in ("local", "dist/app"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dist" / "app" / "old.py").touch()
    (tmp_path / "local" / "find_python.sh").write_text(f"echo {sys.executable}")
    (tmp_path / "made.py").touch()
    (tmp_path / "local" / "packaging.py").write_text(
        "import zipfile\nzipfile.ZipFile('dist/image-bakery.zip', 'w').write('made.py')"
    )
    subprocess.run(["sh", "-c", hook("prepackage", "posix")], cwd=tmp_path, check=True)
    assert [file.name for file in (tmp_path / "dist" / "app").iterdir()] == ["made.py"]
    for command in ("-m local.packaging", "Remove-Item dist/app", "dist/image-bakery.zip dist/app"):
        assert command in hook("prepackage", "windows")


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
    for command in ("infra/main.bicepparam", "--data-binary @dist/image-bakery.zip", "infra/events.bicepparam"):
        assert command in page
        assert command in (INFRA / "deploy.sh").read_text() + (INFRA / "subscribe_to_events.sh").read_text()


def test_every_command_that_needs_azure_says_so():
    page = (APP_FOLDER / "docs" / "deployment.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line.startswith(("az", "make", "AUTH"))]
    script = blocks[2].splitlines()
    assert all("# needs Azure" in line for line in commands if line not in script)
