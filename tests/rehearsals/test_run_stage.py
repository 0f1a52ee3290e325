import json
import re

import pytest

from models.errors import AzureUnavailable
from models.failure import Failure
from models.image_build import ImageRun, ImageRunState
from models.pipeline_record import StageRecord
from models.pipeline_run import Scope, Stage
from models.resources import ImageTemplateState, ProvisioningState
from models.scripts import ScriptContent
from models.state import State
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_stage import run_stage
from orchestrators.watch_image_build import watch_image_build
from policies.builds.image_template_body import NAME_TAKEN
from policies.runs.custom_status import LONGEST_STATUS
from policies.upkeep.rebuild import configuration_digest
from tests.rehearsals.rehearsal import Rehearsal
from tests.stage_plan import stage_plan

FAILED_FOR_RIGHTS = ImageTemplateState(
    id="/template",
    state=ProvisioningState.FAILED,
    failure=Failure(code="BadSharedImageDistribute", message="The identity is not authorized to write to the gallery."),
)


@pytest.fixture
def perform(obliging_azure):
    """Play a stage; keyword arguments replace answers of the obliging Azure."""

    def play(scope=Scope.ALL, scripts=(), **answers):
        children = [deploy_infrastructure, remove_image_templates, watch_image_build]
        rehearsal = Rehearsal(obliging_azure | answers, children)
        stage = Stage(
            run_id="linux-20260311-030000-00000a",
            image="linux",
            scope=scope,
            environment="sbx",
            remove_image_templates=True,
            scripts=scripts,
        )
        envelope = rehearsal.play(run_stage, stage, "linux-20260311-030000-00000a-sbx")
        return StageRecord.from_payload(envelope["value"]), rehearsal

    return play


def test_a_whole_stage_does_everything_once_and_in_order(perform):
    record, rehearsal = perform()
    assert rehearsal.steps == [
        "check_stage all",
        "list_image_templates",
        "create_or_update_resource_group rg",
        "create_or_update_storage_account scripts",
        "create_or_update_identity msi",
        "create_or_update_gallery g",
        "get_storage_account scripts",
        "get_gallery g",
        "get_storage_account scripts",
        "create_or_update_blob_container aibscripts",
        "create_or_update_image_definition linux",
        "get_image_definition linux",
        "create_or_update_role_assignment aibscripts",
        "create_or_update_role_assignment aibscripts",
        "create_or_update_role_assignment g",
        "upload_scripts",
        "create_image_template lin_it-2026-03-11-03-00-03",
        "get_image_template lin_it-2026-03-11-03-00-03",
        "start_image_run lin_it-2026-03-11-03-00-03",
        *["get_image_run lin_it-2026-03-11-03-00-03"] * 3,
        "get_publication",
        "publish_lineage",
    ]
    assert record.state is State.SUCCEEDED
    assert [step.name for step in record.steps] == [
        "check", "removal", "infrastructure", "scripts", "imageTemplate", "build", "publication",
    ]  # fmt: skip
    assert record.result is not None
    assert record.result.exact_source_version == "24.04.1"
    assert record.configuration_digest == configuration_digest(stage_plan())


def test_the_sub_states_of_the_build_are_in_the_record_with_their_times(perform):
    record, _ = perform()
    assert record.build is not None
    assert [(one.name, one.ended_at is not None) for one in record.build.sub_states] == [
        ("Queued", True),
        ("Building", True),
        ("Distributing", True),
    ]


@pytest.mark.parametrize(
    ("scope", "expected", "never"),
    [
        (Scope.ONLY_REMOVAL, {"list_image_templates"}, {"find_scripts", "upload_scripts", "create_image_template"}),
        (Scope.ONLY_INFRASTRUCTURE, {"create_or_update_gallery", "upload_scripts"}, {"create_image_template"}),
        (
            Scope.ONLY_ASSETS_AND_IMAGE,
            {"create_or_update_storage_account", "upload_scripts", "create_image_template"},
            {"create_or_update_gallery", "create_or_update_identity", "create_or_update_resource_group"},
        ),
        (
            Scope.ONLY_IMAGE,
            {"find_scripts", "create_image_template"},
            {"create_or_update_storage_account", "upload_scripts", "create_or_update_role_assignment"},
        ),
    ],
)
def test_a_scope_does_its_part_and_no_other(perform, scope, expected, never):
    record, rehearsal = perform(scope)
    done = {step.split()[0] for step in rehearsal.steps}
    assert record.state is State.SUCCEEDED
    assert expected <= done
    assert not never & done


def test_a_run_that_names_its_scripts_builds_with_these_whatever_lies_in_their_place(perform):
    _, rehearsal = perform(Scope.ONLY_IMAGE, scripts=(ScriptContent(path="linux/a.sh", sha256="ab" * 32),))
    assert "upload_scripts" in rehearsal.steps
    assert "find_scripts" not in rehearsal.steps


@pytest.mark.parametrize(
    ("run_state", "stage_state"),
    [
        (ImageRunState.FAILED, State.FAILED),
        (ImageRunState.PARTIALLY_SUCCEEDED, State.PARTIALLY_SUCCEEDED),
        (ImageRunState.CANCELED, State.CANCELED),
    ],
)
def test_a_build_that_did_not_succeed_ends_the_stage_as_itself_with_azures_message(perform, run_state, stage_state):
    record, _ = perform(get_image_run=ImageRun(state=run_state, message="Packer gave up."))
    assert record.state is stage_state
    assert record.failure is not None
    assert (record.failure.step, record.failure.message) == ("build", "Packer gave up.")
    assert record.result is not None
    assert record.result.log_url is not None


def test_no_status_yet_is_not_a_failure(perform):
    not_started = ImageRun(state=ImageRunState.NOT_STARTED)
    record, _ = perform(
        start_image_run=not_started, get_image_run=[not_started, not_started, ImageRun(state=ImageRunState.SUCCEEDED)]
    )
    assert record.state is State.SUCCEEDED


def test_a_build_past_its_deadline_is_canceled_and_recorded_as_timed_out(perform):
    canceled = []

    def answer(_payload):
        return ImageRun(state=ImageRunState.CANCELED if canceled else ImageRunState.RUNNING, sub_state="Customizing")

    def cancel(payload):
        canceled.append(payload)
        return ImageRun(state=ImageRunState.CANCELING)

    record, rehearsal = perform(get_image_run=answer, cancel_image_run=cancel)
    assert len(canceled) == 1
    assert record.state is State.TIMED_OUT
    assert record.failure is not None
    assert record.failure.code == "BuildTimedOut"
    assert rehearsal.longest_histories["watch_image_build"] < 300


def test_a_build_that_succeeded_just_before_it_was_canceled_is_a_success(perform):
    canceled = []
    record, _ = perform(
        get_image_run=lambda _: ImageRun(state=ImageRunState.SUCCEEDED if canceled else ImageRunState.RUNNING),
        cancel_image_run=lambda payload: canceled.append(payload) or ImageRun(state=ImageRunState.RUNNING),
    )
    assert record.state is State.SUCCEEDED


def test_a_build_that_does_not_end_after_it_was_canceled_does_not_hold_the_run_for_ever(perform):
    record, _ = perform(get_image_run=ImageRun(state=ImageRunState.RUNNING))
    assert record.state is State.FAILED
    assert record.failure is not None
    assert record.failure.code == "BuildTimedOut"


@pytest.mark.parametrize("activity", ["check_stage", "create_or_update_gallery", "upload_scripts", "start_image_run"])
def test_what_azure_refuses_ends_the_stage_at_that_step_and_nothing_follows(perform, activity):
    refusal = Failure(code="RequestDisallowedByPolicy", message="Not in this region.")
    record, rehearsal = perform(**{activity: {"failure": refusal.to_payload()}})
    assert record.state is State.FAILED
    assert record.failure is not None
    assert (record.failure.code, record.failure.message) == (refusal.code, refusal.message)
    assert record.failure.step == record.steps[-1].name
    assert "get_image_run" not in {step.split()[0] for step in rehearsal.steps}


def test_independent_resources_are_all_waited_for_before_a_failure_ends_the_stage(perform):
    record, rehearsal = perform(create_or_update_identity={"failure": {"code": "Quota", "message": "No more."}})
    assert record.state is State.FAILED
    assert "create_or_update_gallery g" in rehearsal.steps
    assert "create_or_update_blob_container aibscripts" not in rehearsal.steps


def test_a_failure_that_outlasts_the_retries_says_what_was_tried(perform):
    outage = AzureUnavailable("create gallery g", "HTTP 503", "The service is unavailable.")
    record, _ = perform(create_or_update_gallery=outage)
    assert record.failure is not None
    assert "create_or_update_gallery" in record.failure.message
    assert "14 times" in record.failure.message
    assert "The service is unavailable." in record.failure.message


def test_a_template_refused_for_a_role_that_still_propagates_is_submitted_again_under_a_new_name(
    perform, obliging_azure
):
    record, rehearsal = perform(
        get_image_template=[FAILED_FOR_RIGHTS, FAILED_FOR_RIGHTS, obliging_azure["get_image_template"]]
    )
    submitted = [step for step in rehearsal.steps if step.startswith("create_image_template")]
    removed = [step for step in rehearsal.steps if step.startswith("delete_image_template")]
    assert record.state is State.SUCCEEDED
    assert len(set(submitted)) == 3
    assert len(removed) == 2


def test_a_right_that_is_really_missing_surfaces_after_ten_minutes(perform):
    record, rehearsal = perform(get_image_template=FAILED_FOR_RIGHTS)
    assert record.failure is not None
    assert (record.failure.step, record.failure.code) == ("imageTemplate", "BadSharedImageDistribute")
    assert re.search(r"write to the gallery\. \(Tried for 0:1\d:\d\d in all\.\)$", record.failure.message)
    assert (record.ended_at - record.started_at).total_seconds() < 15 * 60
    assert len([step for step in rehearsal.steps if step.startswith("create_image_template")]) < 40


def test_without_new_roles_a_refusal_for_rights_fails_at_once(perform):
    record, rehearsal = perform(Scope.ONLY_IMAGE, get_image_template=FAILED_FOR_RIGHTS)
    assert record.failure is not None
    assert record.failure.message == "The identity is not authorized to write to the gallery."
    assert len([step for step in rehearsal.steps if step.startswith("create_image_template")]) == 1


def test_the_status_tells_the_step_that_is_on(perform):
    _, rehearsal = perform()
    shown = [
        status["steps"][-1]["name"]
        for status in rehearsal.statuses["linux-20260311-030000-00000a-sbx"]
        if status["steps"]
    ]
    assert list(dict.fromkeys(shown)) == [
        "check",
        "removal",
        "infrastructure",
        "scripts",
        "imageTemplate",
        "build",
        "publication",
    ]


def test_the_template_that_is_submitted_leads_back_to_the_run(perform):
    _, rehearsal = perform()
    (template,) = rehearsal.inputs["create_image_template"]
    assert template["body"]["tags"]["imageBakeryRun"] == "linux-20260311-030000-00000a"
    assert (
        template["body"]["properties"]["distribute"][0]["artifactTags"]["imageBakeryRun"]
        == "linux-20260311-030000-00000a"
    )
    customizer = template["body"]["properties"]["customize"][0]
    assert customizer == {
        "type": "Shell",
        "name": "PowerShell",
        "scriptUri": "https://s/aibscripts/linux/a.sh",
        "sha256Checksum": "ab" * 32,
    }


def outage():
    return AzureUnavailable("read image template lin_it", "HTTP 500", "Internal error occurred")


def test_a_build_is_watched_on_while_azure_does_not_answer(perform):
    succeeded = ImageRun(state=ImageRunState.SUCCEEDED)
    record, _ = perform(
        get_image_run=[ImageRun(state=ImageRunState.RUNNING), *[outage() for _ in range(100)], succeeded]
    )
    assert record.state is State.SUCCEEDED


def test_a_build_that_azure_never_tells_of_again_ends_at_its_deadline(perform):
    record, rehearsal = perform(get_image_run=lambda _: outage(), cancel_image_run=outage())
    assert record.state is State.FAILED
    assert record.failure is not None
    assert record.failure.step == "build"
    assert "cancel_image_run, tried 5 times within" in record.failure.message
    assert re.search(r"Internal error occurred \(Tried for 1:\d\d:\d\d in all\.\)$", record.failure.message)
    assert len(rehearsal.inputs["cancel_image_run"]) >= 2


def test_a_run_state_that_is_unknown_is_watched_on_and_shown(perform):
    pausing = ImageRun(state=ImageRunState.UNKNOWN, sub_state="Pausing")
    record, _ = perform(get_image_run=[pausing, pausing, ImageRun(state=ImageRunState.SUCCEEDED)])
    assert record.state is State.SUCCEEDED
    assert record.build is not None
    assert "Pausing" in [one.name for one in record.build.sub_states]


def test_a_run_state_that_stays_unknown_is_no_success(perform):
    record, rehearsal = perform(get_image_run=ImageRun(state=ImageRunState.UNKNOWN, sub_state="Expired"))
    assert record.state is State.FAILED
    assert len(rehearsal.inputs["cancel_image_run"]) == 1


def test_a_failed_build_is_told_as_itself_where_its_log_cannot_be_found(perform):
    record, _ = perform(
        get_image_run=ImageRun(state=ImageRunState.FAILED, message="Packer gave up."), get_publication=outage()
    )
    assert record.state is State.FAILED
    assert record.failure is not None
    assert (record.failure.step, record.failure.message) == ("build", "Packer gave up.")


def test_a_failure_that_outlasts_the_retries_has_azures_code(perform):
    missing = AzureUnavailable("create gallery g", "AuthorizationFailed", "No authorization to perform 'write'.")
    record, _ = perform(create_or_update_gallery=missing)
    assert record.failure is not None
    assert (record.failure.step, record.failure.code) == ("infrastructure", "AuthorizationFailed")


def test_however_long_azures_message_is_the_status_may_be_shown_and_the_record_holds_it_all(perform):
    message = "é" * 50_000
    record, rehearsal = perform(get_image_run=ImageRun(state=ImageRunState.FAILED, message=message))
    assert record.failure is not None
    assert record.failure.message == message
    statuses = [status for shown in rehearsal.statuses.values() for status in shown]
    assert max(len(json.dumps(status)) for status in statuses) <= LONGEST_STATUS


NO_GROUP = {"failure": Failure(code="ResourceGroupNotFound", message="Resource group 'rg' was not found.").to_payload()}


def test_a_group_that_was_just_made_and_is_not_seen_yet_is_waited_for(perform, obliging_azure):
    made = obliging_azure["create_or_update_gallery"]
    record, rehearsal = perform(create_or_update_gallery=[NO_GROUP, NO_GROUP, made])
    assert record.state is State.SUCCEEDED
    assert len(rehearsal.inputs["create_or_update_gallery"]) == 3


def test_a_group_that_is_never_seen_surfaces_in_minutes(perform):
    record, _ = perform(create_or_update_gallery=NO_GROUP)
    assert record.failure is not None
    assert (record.failure.step, record.failure.code) == ("infrastructure", "ResourceGroupNotFound")
    assert re.search(r"was not found\. \(Tried for 0:0[23]:\d\d in all\.\)$", record.failure.message)
    assert (record.ended_at - record.started_at).total_seconds() < 4 * 60


def test_a_group_that_the_run_does_not_make_and_that_is_missing_fails_at_once(perform):
    record, rehearsal = perform(Scope.ONLY_ASSETS_AND_IMAGE, create_or_update_storage_account=NO_GROUP)
    assert record.failure is not None
    assert (record.failure.code, "in all" in record.failure.message) == ("ResourceGroupNotFound", False)
    assert len(rehearsal.inputs["create_or_update_storage_account"]) == 1


def test_a_stage_that_was_started_before_removals_existed_goes_on_without_one(obliging_azure):
    rehearsal = Rehearsal(obliging_azure, [deploy_infrastructure, watch_image_build])
    older = {"runId": "linux-20260311-030000-00000a", "image": "linux", "scope": "all", "environment": "sbx"}
    envelope = rehearsal.play(run_stage, Stage.from_payload(older))
    assert envelope["value"]["state"] == "Succeeded"
    assert "list_image_templates" not in rehearsal.steps


def test_a_name_that_another_build_has_is_left_to_it_and_the_next_one_taken(perform, obliging_azure):
    taken = {"failure": Failure(code=NAME_TAKEN, message="It is another run's.").to_payload()}
    record, rehearsal = perform(create_image_template=[taken, obliging_azure["create_image_template"]])
    names = [step.split()[1] for step in rehearsal.steps if step.startswith("create_image_template")]
    assert record.state is State.SUCCEEDED
    assert len(set(names)) == 2
    assert not [step for step in rehearsal.steps if step.startswith("delete_image_template")]
