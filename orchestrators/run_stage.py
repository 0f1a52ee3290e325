"""Runs one environment of a pipeline run.

1. check: the operator's files are read once and must be good, and fit what there is in Azure; resource providers that
   the subscription has not registered are registered, and all is checked again;
2. the image's earlier templates are removed, if asked for;
3. infrastructure, and 4. scripts, as far as the scope asks for them;
5. a new image template is submitted, and must be accepted;
6. its run is started and watched to its end, or, if the run shall not wait, left to `tend_image_build`;
7. what it published is looked up.

A step that fails ends the stage, with the reason in its record; only the removal does not.
"""

from datetime import timedelta

from activities.check_stage import check_stage
from activities.image_templates import (
    create_image_template,
    delete_image_template,
    get_image_template,
    start_image_run,
)
from activities.publication import get_publication
from activities.scripts import find_scripts, upload_scripts
from models.configuration import StagePlan
from models.errors import StepFailed
from models.image_build import ImageBuildProgress, ImageBuildWatch
from models.pipeline_record import StageRecord
from models.pipeline_run import Scope, Stage, StepName
from models.resources import ImageTemplate, ImageTemplateReference
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
from orchestrators import watch_image_build as build
from orchestrators.cancellation import Cancellation
from orchestrators.durable import (
    Context,
    Steps,
    call_activity,
    call_orchestrator,
    log,
    now,
    schedule_orchestrator,
    sleep,
)
from orchestrators.provider_registration import register_providers
from orchestrators.provisioning import Wanted, provision
from orchestrators.published import find_publication
from orchestrators.stage_log import StageLog
from policies.build_progress import advanced, build_deadline, build_failure, stage_state
from policies.image_template_body import NAME_TAKEN, image_template_body, image_template_name, lineage_tags
from policies.propagation import LONGEST_PROPAGATION, may_be_propagation, propagation_pause
from policies.scope_work import Work, removes_templates, work_of
from policies.stage_resources import image_builder_identity, stage_resources

# Names of image templates are of one second.
NAMES_APART = timedelta(seconds=1)


def instance_id(run_id: str, environment: str) -> str:
    """Return the instance id of a stage of a run."""
    return f"{run_id}-{environment}"


def run_stage(context: Context, stage: Stage) -> Steps[StageRecord]:
    """Return the record of the stage, however it ended."""
    cancellation = Cancellation(context)
    stage_log = StageLog(context, stage.environment, cancellation)
    try:
        state = yield from _steps(context, stage, stage_log, cancellation)
    except StepFailed as failed:
        log(context, f"the stage {stage.environment} ended as {failed.state}: {failed}")
        return stage_log.end(failed.state)
    return stage_log.end(state)


def _steps(context: Context, stage: Stage, stage_log: StageLog, cancellation: Cancellation) -> Steps[State]:
    work = work_of(stage.scope)
    checked = yield from stage_log.step(StepName.CHECK, _check(context, stage))
    stage_log.remarks(checked.remarks)
    plan = checked.plan
    if removes_templates(stage.scope, asked_for=stage.remove_image_templates):
        yield from _remove_earlier_templates(context, stage, plan, stage_log)
    if not work:
        return State.SUCCEEDED
    if work & {Work.BASE, Work.STORAGE}:
        deployment = InfrastructureDeployment(plan=plan, base=Work.BASE in work, storage=Work.STORAGE in work)
        deploy = call_orchestrator(
            context,
            infrastructure.deploy_infrastructure,
            deployment,
            infrastructure.instance_id(stage.run_id, stage.environment),
        )
        yield from stage_log.step(StepName.INFRASTRUCTURE, deploy)
    provide = upload_scripts if Work.UPLOAD in work else find_scripts
    scripts = yield from stage_log.step(StepName.SCRIPTS, call_activity(context, provide, _stage_scripts(plan)))
    if Work.IMAGE not in work:
        return State.SUCCEEDED
    submit = _submit(context, stage, plan, scripts, roles_are_new=Work.BASE in work)
    template = yield from stage_log.step(StepName.IMAGE_TEMPLATE, submit)
    if cancellation.request is not None:
        yield from call_activity(context, delete_image_template, template)
    request = PublicationRequest(template=template, scripts=scripts.scripts)
    build_it = _build(context, stage, plan, request, stage_log, cancellation)
    if (yield from stage_log.step(StepName.BUILD, build_it)) is State.TRIGGERED:
        return State.TRIGGERED
    request = request.model_copy(update={"version_expected": plan.image_template.image_definition_id is not None})
    published = yield from stage_log.step(StepName.PUBLICATION, call_activity(context, get_publication, request))
    stage_log.result(published.publication)
    return State.SUCCEEDED


def _check(context: Context, stage: Stage) -> Steps[CheckedStage]:
    """Check the stage; what unregistered resource providers could not tell at first is checked once they can."""
    checked = yield from call_activity(context, check_stage, stage)
    if not checked.unregistered_providers:
        return checked
    yield from register_providers(context, checked.plan.environment.subscription_id, checked.unregistered_providers)
    return (yield from call_activity(context, check_stage, stage))


def _remove_earlier_templates(context: Context, stage: Stage, plan: StagePlan, stage_log: StageLog) -> Steps[None]:
    """Remove the image's earlier templates; what fails of it is recorded and does not stop the build."""
    removal = TemplateRemoval(
        run_id=stage.run_id,
        image=stage.image,
        base_name=plan.image_template.base_name,
        group=TemplatesOfGroup(
            subscription_id=plan.environment.subscription_id, resource_group=plan.image_template.resource_group
        ),
    )
    instance_id = removals.instance_id(stage.run_id, stage.environment)
    remove = call_orchestrator(context, removals.remove_image_templates, removal, instance_id)
    try:
        stage_log.removal((yield from stage_log.step(StepName.REMOVAL, remove)))
    except StepFailed as failed:
        stage_log.removal(RemovalRecord(failure=failed.failure))
        if stage.scope is Scope.ONLY_REMOVAL:
            raise
        stage_log.forgive()


def _stage_scripts(plan: StagePlan) -> StageScripts:
    resources = stage_resources(plan)
    return StageScripts(
        account=resources.account, container=resources.containers[0].name, scripts=plan.image_template.scripts
    )


def _submit(
    context: Context, stage: Stage, plan: StagePlan, scripts: UploadedScripts, *, roles_are_new: bool
) -> Steps[ImageTemplateReference]:
    """Submit a new image template.

    Again under a new name where another build has the name, and while a role that was just given is not known yet.
    """
    began = now(context)
    lineage = lineage_tags(stage.run_id, stage.image, scripts.scripts)
    identity_id = image_builder_identity(plan).id
    body = image_template_body(plan.image_template, identity_id, scripts, lineage)
    while True:
        template = ImageTemplate(
            subscription_id=plan.environment.subscription_id,
            resource_group=plan.image_template.resource_group,
            name=image_template_name(plan.image_template.base_name, now(context)),
            body=body,
        )
        reference = ImageTemplateReference.from_payload(template.to_payload())
        try:
            yield from provision(context, Wanted(create_image_template, get_image_template, template, reference))
        except StepFailed as failed:
            if failed.failure.code == NAME_TAKEN and now(context) - began < LONGEST_PROPAGATION:
                yield from sleep(context, NAMES_APART)
                continue
            if not (roles_are_new and may_be_propagation(failed.failure, now(context) - began)):
                raise
            log(context, f"{template.name} was refused, perhaps for a role that Azure does not know yet: {failed}")
            yield from call_activity(context, delete_image_template, reference)
            yield from sleep(context, propagation_pause(now(context) - began))
        else:
            return reference


def _build(  # all that a stage knows by then
    context: Context,
    stage: Stage,
    plan: StagePlan,
    request: PublicationRequest,
    stage_log: StageLog,
    cancellation: Cancellation,
) -> Steps[State]:
    """Run the image template and watch the build; one that does not succeed leaves the address of its log."""
    template = request.template
    progress = ImageBuildProgress(template_name=template.name, template_id=template.id)
    stage_log.build(progress)
    run = yield from call_activity(context, start_image_run, template)
    watch = ImageBuildWatch(
        template=template,
        progress=advanced(progress, run, now(context)),
        watched_since=now(context),
        deadline=build_deadline(now(context), plan.image_template.build_timeout_minutes),
    )
    stage_log.build(watch.progress)
    if not stage.wait_for_image_build:
        untended = UntendedBuild(run_id=stage.run_id, environment=stage.environment, watch=watch, request=request)
        schedule_orchestrator(
            context,
            tending.tend_image_build,
            untended,
            tending.instance_id(stage.run_id, stage.environment),
        )
        return State.TRIGGERED
    instance_id = build.instance_id(stage.run_id, stage.environment)
    pending = schedule_orchestrator(context, build.watch_image_build, watch, instance_id)
    end = yield from cancellation.follow(pending, instance_id)
    stage_log.build(end.progress)
    failure = build_failure(end.progress, end.canceled_because)
    if failure is not None:
        stage_log.result((yield from find_publication(context, request)))
        raise StepFailed(failure, stage_state(end.progress, end.canceled_because))
    return State.SUCCEEDED
