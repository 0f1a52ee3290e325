from datetime import timedelta

import pytest

from models.pipeline_record import StageRecord
from models.pipeline_run import Scope, Stage
from models.stage_messages import CheckedStage
from models.state import State
from models.subscription import ProviderRegistration
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.run_stage import run_stage
from tests.rehearsals.rehearsal import Rehearsal

STORAGE, NETWORK = "Microsoft.Storage", "Microsoft.Network"
STAGE = Stage(run_id="linux-20260311-030000-00000a", image="linux", scope=Scope.ONLY_INFRASTRUCTURE, environment="sbx")


def registered(namespace, *, done):
    return ProviderRegistration(namespace=namespace, registered=done)


@pytest.fixture
def perform(obliging_azure, plan):
    """Play a stage of a subscription in which two providers are not registered."""

    def play(**answers):
        found = CheckedStage(plan=plan, unregistered_providers=(STORAGE, NETWORK))
        script = {"check_stage": [found, CheckedStage(plan=plan)], **answers}
        rehearsal = Rehearsal(obliging_azure | script, [deploy_infrastructure])
        envelope = rehearsal.play(run_stage, STAGE)
        return StageRecord.from_payload(envelope["value"]), rehearsal

    return play


def steps_until_deployment(rehearsal):
    names = [step.split()[0] for step in rehearsal.steps]
    return names[: names.index("create_or_update_resource_group")]


def test_providers_are_registered_and_waited_for_before_the_first_change(perform):
    record, rehearsal = perform(
        start_provider_registration=[registered(STORAGE, done=True), registered(NETWORK, done=False)],
        get_provider_registration=[registered(NETWORK, done=False), registered(NETWORK, done=True)],
    )
    assert record.state is State.SUCCEEDED
    assert steps_until_deployment(rehearsal) == [
        "check_stage",
        *["start_provider_registration"] * 2,
        *["get_provider_registration"] * 2,
        "check_stage",
    ]
    assert record.steps[0].name == "check"


def test_a_registration_that_does_not_end_fails_the_check(perform):
    record, rehearsal = perform(
        start_provider_registration=lambda payload: registered(payload["namespace"], done=False),
        get_provider_registration=lambda payload: registered(payload["namespace"], done=False),
    )
    assert record.state is State.FAILED
    assert record.failure is not None
    assert (record.failure.code, record.failure.step) == ("ProviderRegistrationTimedOut", "check")
    assert STORAGE in record.failure.message
    elapsed = record.ended_at - record.started_at
    assert timedelta(minutes=15) <= elapsed <= timedelta(minutes=17)
    assert not any(step.startswith("create") for step in rehearsal.steps)


def test_a_check_of_an_older_version_registers_nothing(perform, plan):
    before = CheckedStage(plan=plan).to_payload()
    del before["unregisteredProviders"]
    record, rehearsal = perform(check_stage={"value": before})
    assert record.state is State.SUCCEEDED
    assert steps_until_deployment(rehearsal) == ["check_stage"]
