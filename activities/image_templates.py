"""Image templates: submitting one, and running it."""

import time

from azure_clients import blobs, image_templates, records, storage_accounts
from azure_clients.connection import AzureClients
from models.errors import AzureRefused, AzureUnavailable, StepFailed
from models.failure import Failure
from models.image_build import ImageRun, ImageRunState
from models.resources import ImageTemplate, ImageTemplateReference, ImageTemplateState, ProvisioningState
from models.stage_messages import Done
from models.template_removal import CopiedLog, FoundImageTemplates, LogCopy, TemplatesOfGroup
from policies.builds.image_template_body import NAME_TAKEN, RUN_TAG

# Azure's code for a template that exists, and for a run that is on.
ALREADY_THERE = "Conflict"
CANCELABLE = {ImageRunState.RUNNING, ImageRunState.UNKNOWN}
# A host may stand still between a reading and what it does upon it, while another host does the same work, and more.
# Within this time no build ends and no image template goes, so that Azure refuses what is done a second time.
LONGEST_STANDSTILL_SECONDS = 5.0


async def create_image_template(azure: AzureClients, template: ImageTemplate) -> ImageTemplateState:
    """Submit a new image template.

    Azure: GET Microsoft.VirtualMachineImages/imageTemplates, PUT if it is not there, GET.
    Repeat: finds the one that an earlier try submitted, by the tag of its run; fails with NAME_TAKEN where another
    build has the name.
    """
    read_at = time.monotonic()
    state = await image_templates.get(azure, template)
    if state.state is not ProvisioningState.ABSENT:
        return _of_the_same_run(template, state)
    _check_standstill(read_at, f"create image template {template.name}")
    try:
        await image_templates.put(azure, template)
    except AzureRefused as refused:
        # A connection that broke after Azure had acted: the transport repeats a PUT, and the second one is refused.
        if refused.code != ALREADY_THERE:
            raise
        state = await image_templates.get(azure, template)
        if state.state is ProvisioningState.ABSENT:
            # It is not shown yet, or the conflict is another one, which surfaces in Azure's words if it stays.
            raise AzureUnavailable(refused.operation, refused.code, refused.message) from None
        return _of_the_same_run(template, state)
    return await image_templates.get(azure, template)


async def get_image_template(azure: AzureClients, template: ImageTemplateReference) -> ImageTemplateState:
    """Read how far the image template is.

    Azure: GET Microsoft.VirtualMachineImages/imageTemplates.
    Repeat: reads again.
    """
    return await image_templates.get(azure, template)


async def start_image_run(azure: AzureClients, template: ImageTemplateReference) -> ImageRun:
    """Start the run of a new image template.

    Azure: GET Microsoft.VirtualMachineImages/imageTemplates, POST run if it has no run yet, GET.
    Repeat: finds the run that an earlier try started; a template of ours is run once.
    """
    read_at = time.monotonic()
    run = await image_templates.get_run(azure, template)
    if run.state is not ImageRunState.NOT_STARTED:
        return run
    _check_standstill(read_at, f"run image template {template.name}")
    try:
        await image_templates.run(azure, template)
    except AzureRefused as refused:
        # An earlier try may have started the run, whatever the words with which another one is refused.
        run = await image_templates.get_run(azure, template)
        if run.state is ImageRunState.NOT_STARTED:
            if refused.code != ALREADY_THERE:
                raise
            # Its status is not shown yet, or the conflict is another one, which surfaces if it stays.
            raise AzureUnavailable(refused.operation, refused.code, refused.message) from None
        return run
    return await image_templates.get_run(azure, template)


async def get_image_run(azure: AzureClients, template: ImageTemplateReference) -> ImageRun:
    """Read how far the run of an image template is.

    Azure: GET Microsoft.VirtualMachineImages/imageTemplates.
    Repeat: reads again.
    """
    return await image_templates.get_run(azure, template)


async def cancel_image_run(azure: AzureClients, template: ImageTemplateReference) -> ImageRun:
    """Cancel the run of an image template.

    Azure: GET Microsoft.VirtualMachineImages/imageTemplates, POST cancel while it runs, GET.
    Repeat: leaves a run that is canceling or over as it is; asks for another try while one that was started is not
    shown yet.
    """
    run = await image_templates.get_run(azure, template)
    if run.state is ImageRunState.NOT_STARTED:
        raise AzureUnavailable(f"cancel the run of {template.name}", "RunNotShown", "Its status is not shown (yet).")
    if run.state not in CANCELABLE:
        return run
    try:
        await image_templates.cancel(azure, template)
    except AzureRefused:
        # The run may have ended since it was read, and nothing is left to cancel.
        run = await image_templates.get_run(azure, template)
        if run.state in CANCELABLE:
            raise
        return run
    return await image_templates.get_run(azure, template)


async def list_image_templates(azure: AzureClients, group: TemplatesOfGroup) -> FoundImageTemplates:
    """Return all image templates of a resource group; none where the group is not there.

    Azure: LIST Microsoft.VirtualMachineImages/imageTemplates of a resource group.
    Repeat: reads again.
    """
    return FoundImageTemplates(templates=await image_templates.list_in_group(azure, group))


async def publish_build_log(azure: AzureClients, copy: LogCopy) -> CopiedLog:
    """Keep the build log of a template that is about to be removed: it goes with the template's staging group.

    Azure: LIST of the staging group's storage accounts; GET of `customization.log`; PUT of one blob of our own.
    Repeat: copies it again to the same place.
    """
    found = copy.template
    if found.staging_resource_group is None:
        return CopiedLog(blob=None)
    endpoints = await storage_accounts.list_blob_endpoints(
        azure, found.template.subscription_id, found.staging_resource_group
    )
    content = await blobs.read_build_log(azure, endpoints)
    if content is None:
        return CopiedLog(blob=None)
    return CopiedLog(blob=await records.put_log(azure, copy.run_id, found.template.name, content))


async def delete_image_template(azure: AzureClients, template: ImageTemplateReference) -> Done:
    """Start the removal of an image template, with its staging group.

    Azure: DELETE Microsoft.VirtualMachineImages/imageTemplates.
    Repeat: finds nothing left to remove.
    """
    await image_templates.delete(azure, template)
    return Done()


def _check_standstill(read_at: float, operation: str) -> None:
    """Ask for another try where the reading that says what to do is too old; `read_at` is a monotonic time."""
    if time.monotonic() - read_at > LONGEST_STANDSTILL_SECONDS:
        raise AzureUnavailable(operation, "ReadingTooOld", "Much may have happened since it was read what there is.")


def _of_the_same_run(template: ImageTemplate, found: ImageTemplateState) -> ImageTemplateState:
    run = template.body.get("tags", {}).get(RUN_TAG)
    if found.tags.get(RUN_TAG) != run:
        message = f"There is an image template {template.name} already, and it is not of the run {run}."
        raise StepFailed(Failure(code=NAME_TAKEN, message=message))
    return found
