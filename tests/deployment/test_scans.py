"""Policy scanners read what is deployed and what deploys it; what one is told to pass over has its reason beside it."""

import json
import os
import re
import subprocess

import pytest

from configuration.settings import APP_FOLDER
from tests.deployment.bicep import FILES

SCANNERS = APP_FOLDER / ".venv-scan" / "bin"
WORKFLOW = ".github/workflows/deploy.yml"
PIPELINE = "azure-pipelines.yml"
YAML_RULES = (
    "{extends: default, rules: {line-length: {max: 120}, document-start: disable, truthy: {check-keys: false}}}"
)
# What each must be seen to scan, so that a file that a scanner cannot read is not taken for a good one.
SEEN = {"Microsoft.Storage/storageAccounts.account", "Microsoft.Web/sites.app"}


def scan(tool, *arguments):
    if not (SCANNERS / tool).exists():
        pytest.fail("The scanners are not installed: `make test` does it.")
    environment = {**os.environ, "NO_COLOR": "1", "LOG_LEVEL": "WARNING"}
    return subprocess.run(
        [SCANNERS / tool, *arguments], cwd=APP_FOLDER, env=environment, capture_output=True, text=True, check=False
    )


# It takes about ten seconds of one core, and more where others work beside it.
@pytest.mark.timeout(300)
def test_the_policy_scanner_finds_nothing_and_passes_over_nothing_without_a_reason():
    done = scan("checkov", "--directory", "infra", "--framework", "bicep", "--skip-download", "--output", "json")
    assert "ERROR" not in done.stderr
    report = json.loads(done.stdout)
    found = report["results"]
    assert [(one["check_id"], one["file_path"], one["resource"]) for one in found["failed_checks"]] == []
    assert report["summary"]["parsing_errors"] == 0
    assert {one["resource"] for one in found["passed_checks"]} >= SEEN
    for one in found["skipped_checks"]:
        assert re.match(r"[A-Z].{15,}", one["check_result"]["suppress_comment"]), one["check_id"]
    written = sum(file.read_text().count("checkov:skip=") for file in FILES)
    assert written == len(found["skipped_checks"]), "something is passed over that is no finding"


def test_the_workflow_has_no_finding():
    done = scan("zizmor", "--offline", "--persona", "pedantic", ".github/workflows")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-workflows", WORKFLOW),
        ("vendor.azure-pipelines", PIPELINE),
    ],
)
def test_a_pipeline_has_the_form_that_its_service_asks_for(schema, file):
    done = scan("check-jsonschema", "--regex-variant", "nonunicode", "--builtin-schema", schema, file)
    assert done.returncode == 0, done.stdout


def test_the_yaml_is_tidy():
    done = scan("yamllint", "--strict", "--config-data", YAML_RULES, "azure.yaml", PIPELINE, ".github/workflows")
    assert done.returncode == 0, done.stdout


def test_actions_are_pinned_by_commit_and_say_their_version():
    uses = re.findall(r"uses: (\S+)(.*)", (APP_FOLDER / WORKFLOW).read_text())
    assert uses
    for action, comment in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r"  # v\d+\.\d+\.\d+", comment)


@pytest.mark.parametrize("file", [WORKFLOW, PIPELINE])
def test_no_pipeline_has_a_secret(file):
    text = (APP_FOLDER / file).read_text()
    assert not re.search(r"\{ *secrets|client-secret|password|creds:|AZURE_CREDENTIALS", text, re.IGNORECASE)


@pytest.mark.parametrize("file", [WORKFLOW, PIPELINE])
def test_pipelines_test_and_deploy_by_what_a_person_uses(file):
    text = (APP_FOLDER / file).read_text()
    for command in ("make test", "make package", "infra/deploy.sh"):
        assert command in text
    assert 'ersion: "3.13"' in text or 'versionSpec: "3.13"' in text


@pytest.mark.parametrize(
    ("file", "job", "command", "deploys"),
    [
        (WORKFLOW, r"^  (\w+):$", r"^        run: (.*)$", r"^    needs: \[test, package\]$"),
        # A stage waits for every job of the other one.
        (PIPELINE, r"^      - (?:job|deployment): (\w+)$", r"^          - script: (.*)$", r"^    dependsOn: test$"),
    ],
)
def test_the_package_is_made_from_a_clean_checkout_and_deployed_only_if_the_tests_pass(file, job, command, deploys):
    text = (APP_FOLDER / file).read_text()
    _, *parts = re.split(job, text, flags=re.MULTILINE)
    commands = {
        name: re.findall(command, steps, re.MULTILINE) for name, steps in zip(parts[::2], parts[1::2], strict=True)
    }
    assert commands["package"] == ["make package"]
    assert "make package" not in commands["test"]
    assert "make test" in commands["test"]
    assert re.search(deploys, text, re.MULTILINE)


def test_scripts_have_no_finding():
    scripts = sorted((APP_FOLDER / "infra").glob("*.sh"))
    assert scripts
    done = subprocess.run(
        [APP_FOLDER / ".venv" / "bin" / "shellcheck", *scripts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert all(os.access(script, os.X_OK) for script in scripts)
