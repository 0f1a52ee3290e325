"""Every way in which Azure Image Builder ends a template or a run, as the record of the pipeline run tells it."""

import asyncio
import itertools
import json
import re
from datetime import timedelta

import pytest

from activities.half_made import find_half_made
from activities.image_templates import cancel_image_run
from activities.run_scripts import gather_scripts, read_with_uploads
from azure_clients import records
from azure_clients.connection import AzureClients
from configuration.settings import APP_FOLDER, Settings
from local.simulated_azure.providers.image_templates.rejection import PROVISIONING_ERROR_CODES
from models.artifacts import DistributionTargets
from models.pipeline_run import PipelineRun, Scope, Starter
from models.resources import ImageTemplateReference
from models.state import State
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from policies.runs.ids import new_run_id
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.rehearsals.rehearsal_on_azure import RehearsalOnAzure

SAMPLE_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
DEFINITION_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-image-bakery-sbx/providers/Microsoft.Compute"
    "/galleries/gal_image_bakery_sbx/images/linux-ubuntu-24-04"
)
ENVIRONMENTS = {"sbx": SUBSCRIPTION, "dev": OTHER_SUBSCRIPTION}
CHILDREN = [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
WORDS = "Azure's own words."
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """The sample configuration, for two environments, with six minutes for a build."""
    folder = tmp_path_factory.mktemp("parameters")
    for name, subscription in ENVIRONMENTS.items():
        for file in (APP_FOLDER / "parameters").glob("sbx.*.json"):
            text = file.read_text().replace(SAMPLE_SUBSCRIPTION, subscription).replace("sbx", name)
            text = re.sub(r'"buildTimeoutInMinutes": \d+', '"buildTimeoutInMinutes": 6', text)
            (folder / file.name.replace("sbx", name)).write_text(text)
    environments = [
        {"name": name, "subscriptionId": one, "location": "westeurope"} for name, one in ENVIRONMENTS.items()
    ]
    pipeline = {"environments": environments, "images": [{"name": "linux", "osType": "Linux"}]}
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    return Settings(AzureWebJobsStorage__blobServiceUri="https://x", PARAMETERS_FOLDER=folder)


class Stage:
    """The stage on which pipeline runs are played."""

    def __init__(self, simulated, azurite, settings, runner):
        self.simulated = simulated
        self.runner = runner
        app_storage = f"{azurite.endpoint}/{azurite.accounts[-1]}"
        self.azure = AzureClients(simulated.arm_url, app_storage, str(azurite.ca_file))
        self.settings = settings
        self.scripts = runner.run(self._gather_scripts())

    async def _gather_scripts(self):
        reading = await read_with_uploads(self.azure, self.settings)
        return await gather_scripts(self.azure, self.settings, reading, "linux", ENVIRONMENTS)

    def play(self, scope=Scope.ONLY_IMAGE, *, waits=True, prepare=lambda _: None):
        """Return the record of a run as it is stored once everything is over."""
        play = RehearsalOnAzure(self.simulated, self.runner, (self.azure, self.settings), CHILDREN)
        prepare(play)
        run = PipelineRun(
            id=new_run_id("linux", play.now, next(NUMBERS)),
            image="linux",
            scope=scope,
            environments=tuple(ENVIRONMENTS) if waits else ("sbx",),
            started_by=Starter(kind="http"),
            requested_at=play.now,
            remove_image_templates=True,
            wait_for_image_build=waits,
            scripts=self.scripts,
        )
        play.play(run_pipeline, run, "pipeline-linux")
        play.play_on()
        return self.runner.run(records.find(self.azure, run.id))

    def failed_versions(self):
        """Return the image versions that failed and are not on their way to be deleted."""
        found = self.runner.run(find_half_made(self.azure, DistributionTargets(ids=(DEFINITION_ID,))))
        return [one.id for one in found.artifacts]


@pytest.fixture(scope="module")
def deployed(simulated_azure_server, azurite, settings):
    """Both environments, deployed by a first run; builds take a minute of a clock that only jumps."""
    simulated, pace = simulated_azure_server, simulated_azure_server.pace
    usual = pace.build_seconds
    simulated.clock.freeze()
    pace.build_seconds = 60
    with pytest.MonkeyPatch.context() as environment, asyncio.Runner() as runner:
        environment.setenv("IDENTITY_ENDPOINT", simulated.identity_endpoint)
        environment.setenv("IDENTITY_HEADER", simulated.identity_header)
        stage = Stage(simulated, azurite, settings, runner)
        try:
            assert stage.play(Scope.ALL).state is State.SUCCEEDED
            yield stage
        finally:
            runner.run(stage.azure.close())
            simulated.reset()
            pace.build_seconds = usual


@pytest.fixture
def stage(deployed):
    """The stage, with nothing wrong in Azure and an empty log of requests."""
    deployed.simulated.requests.clear()
    yield deployed
    deployed.simulated.faults.clear()


def requests_to(simulated, subscription, method=""):
    return [entry for entry in simulated.requests.all() if subscription in entry["url"] and method in entry["method"]]


def half_made(stage_record):
    assert all(one.failure is None for one in stage_record.result.half_made)
    return [one.artifact for one in stage_record.result.half_made]


def build(outcome, sub_state="Distributing"):
    return {"kind": "build", "outcome": outcome, "sub_state": sub_state, "message": WORDS}


# What goes wrong, how the stage ends, with which code and words.
RUNS = {
    "Succeeded": (None, State.SUCCEEDED, None, None),
    "PartiallySucceeded": (build("PartiallySucceeded"), State.PARTIALLY_SUCCEEDED, "ImageRunPartiallySucceeded", WORDS),
    "Failed": (build("Failed"), State.FAILED, "ImageRunFailed", WORDS),
    "Canceled": (build("Canceled"), State.CANCELED, "ImageRunCanceled", WORDS),
    "Running, until the service gives up": (
        build("Stuck"),
        State.FAILED,
        "ImageRunFailed",
        "Build timed out after 6 minutes.",
    ),
    "Canceling, until the service gives up": (
        build("Canceling"),
        State.FAILED,
        "ImageRunFailed",
        "Build timed out after 6 minutes.",
    ),
    "an unknown word, for good": (build("Pausing"), State.FAILED, "Conflict", "no run of the image template"),
    "no status yet": ({"kind": "slow-run-status", "seconds": 40}, State.SUCCEEDED, None, None),
    "no status before the end": ({"kind": "slow-run-status", "seconds": 400}, State.SUCCEEDED, None, None),
    "replicated nowhere": (
        {"kind": "replication", "outcome": "Failed", "message": WORDS},
        State.PARTIALLY_SUCCEEDED,
        "ReplicationFailed",
        f"to westeurope: {WORDS}",
    ),
    "replication in progress": ({"kind": "replication", "outcome": "InProgress"}, State.SUCCEEDED, None, None),
}
PUBLISHED = {State.SUCCEEDED, State.PARTIALLY_SUCCEEDED}
UNTENDED = ["Succeeded", "PartiallySucceeded", "Failed", "Canceled", "replicated nowhere", "replication in progress"]
# Their builds end as they distribute, with Azure having begun a version.
LEFT_HALF_MADE = {"Failed", "Canceled", *(case for case in RUNS if case.endswith("the service gives up"))}
CASES = [*((case, True) for case in RUNS), *((case, False) for case in UNTENDED)]


@pytest.mark.parametrize(("case", "waits"), CASES)
def test_every_state_of_a_run_ends_in_its_own_result(stage, case, waits):
    fault, state, code, words = RUNS[case]
    if fault is not None:
        stage.simulated.faults.add(**fault)
    record = stage.play(waits=waits)
    first = record.stages[0]
    assert (record.state, first.state) == (state, state)
    assert (first.failure and first.failure.code) == code
    assert words is None or words in first.failure.message
    assert (len(record.stages) == 2) == (waits and state is State.SUCCEEDED)
    assert bool(requests_to(stage.simulated, OTHER_SUBSCRIPTION)) == (len(record.stages) == 2)
    assert first.result.log_url.endswith("/customization.log")
    assert (first.result.image_version_id is not None) == (state in PUBLISHED)
    tags = [entry["request"]["body"] for entry in requests_to(stage.simulated, SUBSCRIPTION, "PATCH")]
    source = first.result.exact_source_version
    expected = {"operation": "Merge", "properties": {"tags": {"imageBakerySource": source}}}
    assert tags == ([expected] if state in PUBLISHED else [])
    assert stage.failed_versions() == []
    assert bool(half_made(first)) == (case in LEFT_HALF_MADE)


@pytest.mark.parametrize(("after", "is_distributing"), [(30, False), (58, True)])
def test_a_build_that_someone_cancels_in_azure_is_canceled_and_leaves_nothing_half_made(stage, after, is_distributing):
    def cancel_later(play):
        def cancel():
            (submitted,) = play.inputs["create_image_template"]
            stage.runner.run(cancel_image_run(stage.azure, ImageTemplateReference.from_payload(submitted)))

        play.call_later(timedelta(seconds=after), cancel)

    record = stage.play(prepare=cancel_later)
    (first,) = record.stages
    assert (record.state, first.state) == (State.CANCELED, State.CANCELED)
    assert (first.failure.code, first.failure.message) == ("ImageRunCanceled", "Image build was canceled by the user.")
    assert (len(half_made(first)), stage.failed_versions()) == (is_distributing, [])


def test_the_status_of_an_earlier_run_is_not_that_of_this_one(stage):
    stage.simulated.faults.add("build", outcome="Failed", times=1)
    assert stage.play().state is State.FAILED
    assert stage.play().state is State.SUCCEEDED


def template(code="Other", outcome="Failed"):
    return {"kind": "template", "code": code, "message": WORDS, "outcome": outcome}


TEMPLATES = {
    **{code: (template(code), code, WORDS) for code in PROVISIONING_ERROR_CODES},
    "Canceled": (template("ServerError", "Canceled"), "ServerError", WORDS),
    "Deleting": (template("ServerError", "Deleting"), "ServerError", WORDS),
    "Creating, for good": (template(outcome="Creating"), "ProvisioningTimedOut", "Not ready after 0:3"),
    "an unknown word, for good": (template(outcome="Pondering"), "ProvisioningTimedOut", "Not ready after 0:3"),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_every_template_that_is_not_accepted_ends_the_stage_with_its_reason(stage, case):
    fault, code, words = TEMPLATES[case]
    stage.simulated.faults.add(**fault)
    record = stage.play()
    (first,) = record.stages
    assert (record.state, first.state) == (State.FAILED, State.FAILED)
    assert (first.failure.step, first.failure.code) == ("imageTemplate", code)
    assert words in first.failure.message
    assert stage.simulated.requests.matching("POST", "/run") == []
