"""Runs one environment of a pipeline run.

1. check: the operator's files are read once and must be good, and fit what there is in Azure; resource providers that
   the subscription has not registered are registered, and all is checked again;
2. the image's earlier templates are removed, if asked for;
3. infrastructure, and 4. scripts, as far as the scope asks for them;
5. a new image template is submitted, and must be accepted;
6. its run is started and watched to its end, or, if the run shall not wait, left to `tend_image_build`;
7. what it published is looked up, and tagged with its exact source; what it left half made is removed.

A step that fails ends the stage, with the reason in its record; only the removal does not.
"""

from activities.check_stage import check_stage
from activities.image_templates import delete_image_template
from activities.scripts import find_scripts, upload_scripts
from models.configuration import StagePlan
from models.errors import StepFailed
from models.failure import Failure
from models.image_build import ImageBuildProgress, ImageBuildWatch
from models.pipeline_record import StageRecord
from models.pipeline_run import Scope, Stage, StepName
from models.resources import ImageTemplateReference
from models.stage_messages import (
    CheckedStage,
    InfrastructureDeployment,
    PublicationRequest,
    StageScripts,
    UntendedBuild,
    UploadedScripts,
)
from models.state import State
from models.template_removal import RemovalRecord, TemplateRemoval, TemplatesOfGroup
from orchestrators import deploy_infrastructure as infrastructure
from orchestrators import remove_image_templates as removals
from orchestrators import tend_image_build as tending
from orchestrators.build_end import follow_to_its_end
from orchestrators.build_start import start_build
from orchestrators.durable import (
    ROLE_RETRIES,
    Context,
    Steps,
    call_activity,
    call_orchestrator,
    now,
    outcomes,
    schedule_activity,
    schedule_orchestrator,
    warn,
)
from orchestrators.ongoing_stage import OngoingStage, begin
from orchestrators.provider_registration import register_providers
from orchestrators.published import publish
from orchestrators.submission import submit_image_template
from policies.builds.progress import advanced, build_deadline
from policies.resources.stage_resources import stage_resources
from policies.runs.scope_work import Work, removes_templates, work_of
from policies.upkeep.rebuild import configuration_digest


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of a stage of a run."""
    return f"{run_id}-{environment}"


def run_stage(context: Context, stage: Stage) -> Steps[StageRecord]:
    """Return the record of the stage, however it ended."""
    ongoing = begin(context, stage)
    return (yield from ongoing.ended(_steps(ongoing)))


def _steps(stage: OngoingStage) -> Steps[State]:
    work = work_of(stage.asked.scope)
    checked = yield from _check(stage)
    plan = checked.plan
    if removes_templates(stage.asked.scope, asked_for=stage.asked.remove_image_templates):
        yield from _remove_earlier_templates(stage, plan)
    if work & {Work.BASE, Work.STORAGE}:
        yield from _deploy_infrastructure(stage, plan, work)
    if not work:
        return State.SUCCEEDED
    scripts = yield from _provide_scripts(stage, plan, work)
    if Work.IMAGE not in work:
        return State.SUCCEEDED
    template = yield from _submit(stage, plan, scripts)
    request = PublicationRequest(
        template=template,
        scripts=scripts.scripts,
        version_expected=plan.image_template.image_definition_id is not None,
        distribution_targets=plan.image_template.distribution_targets,
    )
    if (yield from stage.log.step(StepName.BUILD, _build(stage, checked, request))) is State.TRIGGERED:
        return State.TRIGGERED
    yield from publish(stage, request)
    return State.SUCCEEDED


def _check(stage: OngoingStage) -> Steps[CheckedStage]:
    checked = yield from stage.log.step(StepName.CHECK, _checked(stage))
    stage.log.checked(checked.remarks, configuration_digest(checked.plan))
    return checked


def _checked(stage: OngoingStage) -> Steps[CheckedStage]:
    """Check the stage; what unregistered resource providers could not tell at first is checked once they can."""
    checked = yield from call_activity(stage.context, check_stage, stage.asked)
    if not checked.unregistered_providers:
        return checked
    subscription_id = checked.plan.environment.subscription_id
    yield from register_providers(stage.context, subscription_id, checked.unregistered_providers)
    return (yield from call_activity(stage.context, check_stage, stage.asked))


def _remove_earlier_templates(stage: OngoingStage, plan: StagePlan) -> Steps[None]:
    """Remove the image's earlier templates; what fails of it is recorded and does not stop the build."""
    asked = stage.asked
    removal = TemplateRemoval(
        run_id=asked.run_id,
        environment=asked.environment,
        image=asked.image,
        base_name=plan.image_template.base_name,
        group=TemplatesOfGroup(
            subscription_id=plan.environment.subscription_id, resource_group=plan.image_template.resource_group
        ),
    )
    instance_id = removals.instance_id(asked.run_id, asked.environment)
    remove = call_orchestrator(stage.context, removals.remove_image_templates, removal, instance_id)
    try:
        stage.log.removal((yield from stage.log.step(StepName.REMOVAL, remove)))
    except StepFailed as failed:
        stage.log.removal(RemovalRecord(failure=failed.failure))
        if asked.scope is Scope.ONLY_REMOVAL:
            raise
        stage.log.forgive()


def _deploy_infrastructure(stage: OngoingStage, plan: StagePlan, work: frozenset[Work]) -> Steps[None]:
    deployment = InfrastructureDeployment(plan=plan, base=Work.BASE in work, storage=Work.STORAGE in work)
    instance_id = infrastructure.instance_id(stage.asked.run_id, stage.asked.environment)
    deploy = call_orchestrator(stage.context, infrastructure.deploy_infrastructure, deployment, instance_id)
    yield from stage.log.step(StepName.INFRASTRUCTURE, deploy)


def _provide_scripts(stage: OngoingStage, plan: StagePlan, work: frozenset[Work]) -> Steps[UploadedScripts]:
    resources = stage_resources(plan)
    wanted = StageScripts(
        account=resources.account,
        container=resources.containers[0].name,
        scripts=plan.image_template.scripts,
        contents=stage.asked.scripts,
    )
    # A patch run names its contents in any scope: a run of another image may have left others in their place.
    provide = upload_scripts if Work.UPLOAD in work or wanted.contents else find_scripts
    provided = call_activity(stage.context, provide, wanted, ROLE_RETRIES)
    return (yield from stage.log.step(StepName.SCRIPTS, provided))


def _submit(stage: OngoingStage, plan: StagePlan, scripts: UploadedScripts) -> Steps[ImageTemplateReference]:
    """Submit a new image template; where the run was canceled meanwhile, none is left behind.

    Whether Azure lets it be deleted or not, the stage ends as canceled before its next step; the sweep tries again.
    """
    submit = submit_image_template(stage.context, stage.asked, plan, scripts)
    template = yield from stage.log.step(StepName.IMAGE_TEMPLATE, submit)
    if stage.cancellation.request is not None:
        (deleted,) = yield from outcomes([schedule_activity(stage.context, delete_image_template, template)])
        if isinstance(deleted, Failure):
            told = f"{deleted.code}: {deleted.message}"
            warn(stage.context, f"{template.name} of the canceled run is left to the sweep: {told}")
    return template


def _build(stage: OngoingStage, checked: CheckedStage, request: PublicationRequest) -> Steps[State]:
    """Run the image template, and follow the build to its end, or leave it to be tended."""
    context, asked, template = stage.context, stage.asked, request.template
    progress = ImageBuildProgress(template_name=template.name, template_id=template.id)
    stage.log.build(progress)
    run = yield from start_build(stage, template)
    watch = ImageBuildWatch(
        template=template,
        progress=advanced(progress, run, now(context)),
        watched_since=now(context),
        deadline=build_deadline(now(context), checked.plan.image_template.build_timeout_minutes),
        history=checked.build_history,
        # What tells the watch of a wish that came before it may come before it, too, and be lost.
        to_cancel_because=stage.cancellation.failure,
    )
    stage.log.build(watch.progress)
    if not asked.wait_for_image_build and stage.cancellation.request is None:
        untended = UntendedBuild(stage=asked, watch=watch, request=request)
        instance_id = tending.instance_id(asked.run_id, asked.environment)
        schedule_orchestrator(context, tending.tend_image_build, untended, instance_id)
        return State.TRIGGERED
    return (yield from follow_to_its_end(stage, watch, request))
