"""Image templates: submitting one, and running it."""

from azure_clients import image_templates
from azure_clients.connection import AzureClients
from models.errors import AzureRefused
from models.image_build import ImageRun, ImageRunState
from models.resources import ImageTemplate, ImageTemplateReference, ImageTemplateState, ProvisioningState
from models.stage_messages import Done

# Azure's code for a template that exists, and for a run that is on.
ALREADY_THERE = "Conflict"


async def create_image_template(azure: AzureClients, template: ImageTemplate) -> ImageTemplateState:
    """Submit a new image template.

    Azure: GET Microsoft.VirtualMachineImages/imageTemplates, PUT if it is not there, GET.
    Repeat: finds the one that an earlier try submitted, since its name belongs to this stage alone.
    """
    state = await image_templates.get(azure, template)
    if state.state is not ProvisioningState.ABSENT:
        return state
    try:
        await image_templates.put(azure, template)
    except AzureRefused as refused:
        # A connection that broke after Azure had acted: the transport repeats a PUT, and the second one is refused.
        if refused.code != ALREADY_THERE:
            raise
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
    run = await image_templates.get_run(azure, template)
    if run.state is not ImageRunState.NOT_STARTED:
        return run
    try:
        await image_templates.run(azure, template)
    except AzureRefused as refused:
        # An earlier try started the run, and its status is not shown yet.
        if refused.code != ALREADY_THERE:
            raise
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
    Repeat: leaves a run that is canceling or over as it is.
    """
    run = await image_templates.get_run(azure, template)
    if run.state is not ImageRunState.RUNNING:
        return run
    await image_templates.cancel(azure, template)
    return await image_templates.get_run(azure, template)


async def delete_image_template(azure: AzureClients, template: ImageTemplateReference) -> Done:
    """Start the removal of an image template, with its staging group.

    Azure: DELETE Microsoft.VirtualMachineImages/imageTemplates.
    Repeat: finds nothing left to remove.
    """
    await image_templates.delete(azure, template)
    return Done()
