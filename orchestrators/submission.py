"""Submits a new image template, and waits until Azure has accepted it."""

from datetime import timedelta

from activities.image_templates import create_image_template, delete_image_template, get_image_template
from models.configuration import StagePlan
from models.errors import StepFailed
from models.pipeline_run import Stage
from models.resources import ImageTemplate, ImageTemplateReference
from models.stage_messages import UploadedScripts
from orchestrators.durable import Context, Steps, call_activity, log, now, sleep
from orchestrators.provisioning import Wanted, provision
from policies.access.propagation import LONGEST_PROPAGATION, is_of_rights, propagation_pause
from policies.builds.image_template_body import NAME_TAKEN, image_template_body, image_template_name, lineage_tags
from policies.resources.stage_resources import image_builder_identity
from policies.runs.scope_work import Work, work_of

# The name of an image template has the second at which it is submitted.
NAMES_APART = timedelta(seconds=1)


def submit_image_template(
    context: Context, stage: Stage, plan: StagePlan, scripts: UploadedScripts
) -> Steps[ImageTemplateReference]:
    """Submit a new image template.

    Again under a new name where another build has the name, and while a role that this stage gave is not known yet.
    """
    began = now(context)
    roles_are_new = Work.BASE in work_of(stage.scope)
    lineage = lineage_tags(stage.run_id, stage.image, scripts.scripts)
    body = image_template_body(plan.image_template, image_builder_identity(plan).id, scripts, lineage)
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
            is_name_taken = failed.failure.code == NAME_TAKEN
            if not (is_name_taken or (roles_are_new and is_of_rights(failed.failure))):
                raise
            elapsed = now(context) - began
            if elapsed >= LONGEST_PROPAGATION:
                raise failed.tried_for(elapsed) from failed
            if is_name_taken:
                yield from sleep(context, NAMES_APART)
                continue
            log(context, f"{template.name} was refused, perhaps for a role that Azure does not know yet: {failed}")
            yield from call_activity(context, delete_image_template, reference)
            yield from sleep(context, propagation_pause(now(context) - began))
        else:
            return reference
