"""Whole runs with the rights of the data file and no others: each of them is needed, and none is missing."""

import asyncio
import json
import logging

import pytest

from configuration.settings import APP_FOLDER
from local.simulated_azure import Pace, SimulatedAzure
from local.simulated_azure import Settings as SimulationSettings
from models.pipeline_run import Scope
from models.state import State
from policies.checks.advice import GIVE_CONTRIBUTOR, GIVE_THE_RIGHT
from tests.conftest import SUBSCRIPTION
from tests.rehearsals.rights_tour import (
    ADMINISTRATOR,
    IMAGE_BAKERY,
    PLAYS,
    SAMPLE_SUBSCRIPTION,
    Play,
    Tour,
)


@pytest.fixture(scope="module")
def tour(certificates, azurite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rights")
    (folder / "sample").mkdir()
    for file in (APP_FOLDER / "parameters").glob("*.json"):
        text = file.read_text().replace(SAMPLE_SUBSCRIPTION, SUBSCRIPTION)
        for place in (folder, folder / "sample"):
            (place / file.name).write_text(text)
    settings = SimulationSettings(
        certificate=certificates.certificate,
        private_key=certificates.private_key,
        ca_file=certificates.ca_file,
        subscriptions=[SUBSCRIPTION],
        blob_endpoint=azurite.endpoint,
        blob_accounts=azurite.accounts[-8:-1],
        blob_front=True,
        pace=Pace(build_seconds=60, operation_scale=0),
    )
    with (
        SimulatedAzure(settings) as simulated,
        pytest.MonkeyPatch.context() as environment,
        asyncio.Runner() as runner,
    ):
        simulated.clock.freeze()
        environment.setenv("IDENTITY_ENDPOINT", simulated.identity_endpoint)
        environment.setenv("IDENTITY_HEADER", simulated.identity_header)
        tour = Tour(simulated, f"{simulated.blob_endpoint}/{azurite.accounts[-1]}", folder, runner)
        yield tour
        tour.close()
        simulated.reset()


@pytest.fixture(scope="module")
def asked(tour):
    """The actions that each play asked for, all of them allowed."""
    tour.prepare()
    actions: dict[str, set[str]] = {}
    for name, play in PLAYS.items():
        tour.simulated.requests.clear()
        record = tour.play(play)
        expected = State.CANCELED if play.canceled_after else State.SUCCEEDED
        assert record.state is expected, [stage.failure for stage in record.stages]
        log = tour.simulated.requests.all()
        assert [entry["url"] for entry in log if entry["response"]["status"] == 403] == []
        actions[name] = {need["action"].lower() for entry in log for need in entry["actions"]}
    return actions


def test_whole_runs_ask_for_the_actions_of_the_data_file_and_for_no_others(asked):
    needed = {right.action.lower() for right in IMAGE_BAKERY.actions} | {
        action.lower() for action in ADMINISTRATOR.actions
    }
    assert set().union(*asked.values()) == needed


# What asks for a right only where there is something of the kind; the rest is asked for by the plays, cheapest first.
OWN_PLAYS = {
    "subnets/join/action": Play(Scope.ONLY_IMAGE, options=("sigImageDefinitionId", "subnetId")),
    "resourceGroups/resources/read": Play(Scope.ONLY_IMAGE, options=("sigImageDefinitionId", "stagingResourceGroup")),
    "/register/action": Play(Scope.ONLY_IMAGE),
    "Microsoft.Compute/images/read": PLAYS["from a managed image"],
}
CHEAPEST_FIRST = [*reversed(PLAYS)]
# Without these the check does not know what Azure Image Builder's identity may do, and finds nothing lacking.
DATA_ACTIONS = {right.action for right in IMAGE_BAKERY.data_actions}
DISPENSABLE = {"Microsoft.Authorization/roleAssignments/read", "Microsoft.Authorization/roleDefinitions/read"}
TAKEN_AWAY = [
    *(("imageBakery", right.action) for right in (*IMAGE_BAKERY.actions, *IMAGE_BAKERY.data_actions)),
    *(("administrator", action) for action in ADMINISTRATOR.actions),
]


# What is only asked for where there is a template with its log to remove.
OF_REMOVAL = ("imageTemplates/delete", "storageAccounts/read", "blobs/read")
# What the role on the scripts covers too, which the app gives itself.
COVERED = ("containers/read", "containers/write")
# Nobody has to give what is there.
OF_GIVING = "roleAssignments/write"
OF_REGISTRATION = "/register/action"


@pytest.mark.parametrize(("role", "action"), TAKEN_AWAY, ids=[action for _, action in TAKEN_AWAY])
def test_a_right_that_is_taken_away_is_told_with_its_name_its_place_and_what_to_do(tour, asked, caplog, role, action):
    caplog.set_level(logging.INFO, "image_bakery")
    own = next((play for end, play in OWN_PLAYS.items() if action.endswith(end)), None)
    play = own or PLAYS[next((name for name in CHEAPEST_FIRST if action.lower() in asked[name]), "only the removal")]
    if action.endswith(OF_REGISTRATION):
        tour.unregister(action.partition("/")[0])
    if action.endswith(OF_REMOVAL):
        assert tour.play(PLAYS["only the image"]).state is State.SUCCEEDED
        play = PLAYS["only the removal"]
    if action.endswith((*COVERED, OF_GIVING)):
        tour.take_back_own_roles()
    if action.endswith(COVERED):
        play = PLAYS["only the image" if action.endswith("read") else "canceled"]
    with tour.without(role, action):
        record = tour.play(play)
    if action.endswith((*COVERED, OF_GIVING, OF_REGISTRATION)):
        # As it was, for whichever right is the next one.
        assert tour.play(Play(Scope.ONLY_INFRASTRUCTURE)).state is State.SUCCEEDED
    if action in DISPENSABLE:
        assert record.state is State.SUCCEEDED
        return
    # A build that cannot be canceled is watched to its own end, which is what the record tells.
    logged = action.endswith("/cancel/action")
    told = caplog.text if logged else json.dumps(record.to_payload())
    assert logged or GIVE_THE_RIGHT in told
    if action in DATA_ACTIONS:
        assert "read the build log" in told
        assert "AuthorizationPermissionMismatch" in told
    else:
        assert f"action '{action}'".lower() in told.lower().replace("action(s)", "action")
        assert f"object id '{tour.simulated.app_principal_id}'" in told
        assert "scope" in told


def test_contributor_on_a_staging_group_is_given_by_hand_where_the_app_may_not(tour, asked):
    options = ("sigImageDefinitionId", "stagingResourceGroup")
    tour.take_back_staging_group()
    with tour.without_own_staging_groups():
        refused = tour.play(Play(Scope.ALL, options=options))
        tour.give_staging_group_by_hand()
        built = tour.play(Play(Scope.ALL, options=options))
    (stage,) = refused.stages
    assert stage.state is State.FAILED
    assert stage.failure.code == "AuthorizationFailed"
    assert "'assign the role Contributor to" in stage.failure.message
    assert GIVE_CONTRIBUTOR in stage.failure.what_to_do
    assert built.state is State.SUCCEEDED, built.stages[0].failure
