import pytest

from models.failure import Failure
from models.image_build import ImageRunState
from models.instance_state import InstancesFound, InstanceState, Standing
from models.pipeline_record import StageRecord
from models.pipeline_run import Scope, Stage
from models.resources import ImageTemplateReference, ImageTemplateState, ProvisioningState
from models.state import State
from models.template_removal import FoundImageTemplate, FoundImageTemplates
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_stage import run_stage
from orchestrators.watch_image_build import watch_image_build
from policies.builds.image_template_body import IMAGE_TAG, RUN_TAG
from tests.rehearsals.rehearsal import Rehearsal

GONE = ImageTemplateState(id="/t", state=ProvisioningState.ABSENT)
DELETING = ImageTemplateState(id="/t", state=ProvisioningState.IN_PROGRESS)
REFUSED = {"failure": Failure(code="OperationNotAllowed", message="It is locked.").to_payload()}


def found(name, run_state=ImageRunState.SUCCEEDED, state=ProvisioningState.SUCCEEDED, tags=None):
    template = ImageTemplateReference(subscription_id="s", resource_group="rg", name=name)
    return FoundImageTemplate(
        template=template, state=state, run_state=run_state, tags=tags or {}, staging_resource_group="IT_x"
    )


OLD = found("lin_it-2026-02-11-03-00-02")
OLDER = found("lin_it-2026-01-14-03-00-02")
RUNNING = found("lin_it-2026-03-10-03-00-02", ImageRunState.RUNNING)


@pytest.fixture
def perform(obliging_azure):
    """Play a stage in a group that holds templates already; an accepted one is not there before it is submitted."""

    def play(*templates, scope=Scope.ALL, asked_for=True, deleted=GONE, **answers):
        def state_of(payload):
            is_new = payload["name"].startswith("lin_it-2026-03-11")
            return obliging_azure["get_image_template"] if is_new else deleted

        script = obliging_azure | {
            "list_image_templates": FoundImageTemplates(templates=templates),
            "get_image_template": state_of,
        }
        rehearsal = Rehearsal(script | answers, [deploy_infrastructure, remove_image_templates, watch_image_build])
        stage = Stage(
            run_id="linux-20260311-030000-00000a",
            image="linux",
            scope=scope,
            environment="sbx",
            remove_image_templates=asked_for,
        )
        envelope = rehearsal.play(run_stage, stage)
        return StageRecord.from_payload(envelope["value"]), rehearsal

    return play


def test_earlier_templates_are_gone_before_the_new_one_is_submitted_and_their_logs_are_kept(perform):
    record, rehearsal = perform(OLD, OLDER)
    last_deletion = max(index for index, step in enumerate(rehearsal.steps) if step.startswith("delete_image_template"))
    submission = next(index for index, step in enumerate(rehearsal.steps) if step.startswith("create_image_template"))
    first_copy = next(index for index, step in enumerate(rehearsal.steps) if step.startswith("publish_build_log"))
    assert first_copy < last_deletion < submission
    assert record.state is State.SUCCEEDED
    assert record.removal is not None
    assert [(one.name, one.log_copy is not None, one.failure) for one in record.removal.templates] == [
        (OLD.template.name, True, None),
        (OLDER.template.name, True, None),
    ]


def test_a_template_that_is_busy_is_left_alone_and_the_record_says_why(perform):
    creating = found("lin_it-2026-03-09-03-00-02", state=ProvisioningState.IN_PROGRESS)
    canceling = found("lin_it-2026-03-08-03-00-02", ImageRunState.CANCELING)
    record, rehearsal = perform(RUNNING, creating, canceling)
    assert not [step for step in rehearsal.steps if step.startswith("delete_image_template")]
    assert record.removal is not None
    assert all(one.kept_because for one in record.removal.templates)


@pytest.mark.parametrize("standing", Standing)
def test_a_template_whose_build_is_still_tended_is_left_alone(perform, standing):
    run_id = "linux-20260310-030000-00000b"
    built = found("lin_it-2026-03-10-03-00-02", tags={IMAGE_TAG: "linux", RUN_TAG: run_id})
    asked_for = []

    def look(payload):
        asked_for.extend(payload["ids"])
        return InstancesFound(states=tuple(InstanceState(id=one, standing=standing) for one in payload["ids"]))

    record, _ = perform(built, OLD, list_instances=look)
    assert asked_for == [f"{run_id}-sbx.tending"]
    assert record.removal is not None
    kept = {one.name for one in record.removal.templates if one.kept_because}
    assert kept == ({built.template.name} if standing is Standing.ON else set())


def test_a_refusal_for_one_does_not_stop_the_others_nor_the_build(perform):
    record, rehearsal = perform(OLD, OLDER, delete_image_template=[REFUSED, {"value": {}}])
    assert record.state is State.SUCCEEDED
    assert record.failure is None
    assert record.removal is not None
    assert [one.failure and one.failure.code for one in record.removal.templates] == ["OperationNotAllowed", None]
    assert [step for step in rehearsal.steps if step.startswith("create_image_template")]


def test_a_removal_that_fails_altogether_is_recorded_and_does_not_stop_the_build(perform):
    record, _ = perform(list_image_templates=REFUSED)
    assert record.state is State.SUCCEEDED
    assert record.failure is None
    assert record.removal is not None
    assert record.removal.failure is not None
    assert [(step.name, step.state) for step in record.steps][1] == ("removal", State.FAILED)


def test_where_removal_is_all_that_is_done_its_failure_is_the_stages(perform):
    record, _ = perform(scope=Scope.ONLY_REMOVAL, list_image_templates=REFUSED)
    assert record.state is State.FAILED
    assert record.failure is not None
    assert record.failure.step == "removal"


def test_a_deletion_that_does_not_end_is_given_up_and_the_build_goes_on(perform):
    record, _ = perform(OLD, deleted=DELETING)
    assert record.state is State.SUCCEEDED
    assert record.removal is not None
    assert record.removal.templates[0].failure is not None
    assert record.removal.templates[0].failure.code == "DeletionTimedOut"


def test_a_log_that_cannot_be_copied_does_not_keep_its_template(perform):
    record, rehearsal = perform(OLD, publish_build_log=REFUSED)
    assert [step for step in rehearsal.steps if step.startswith("delete_image_template")]
    assert record.removal is not None
    assert record.removal.templates[0].log_copy is None


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("asked_for", [True, False])
def test_a_switched_off_removal_removes_nothing_and_skips_nothing_else(perform, scope, asked_for):
    record, rehearsal = perform(OLD, scope=scope, asked_for=asked_for)
    removed = bool([step for step in rehearsal.steps if step.startswith("delete_image_template")])
    built = bool([step for step in rehearsal.steps if step.startswith("create_image_template")])
    assert record.state is State.SUCCEEDED
    assert removed == (asked_for or scope is Scope.ONLY_REMOVAL)
    assert built == (scope not in {Scope.ONLY_REMOVAL, Scope.ONLY_INFRASTRUCTURE})
