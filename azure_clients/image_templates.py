"""Image templates and their runs (Microsoft.VirtualMachineImages/imageTemplates, api 2025-10-01)."""

from typing import Any

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import plain_text, resource_state, time
from models.errors import AzureAbsent, AzureRefused, AzureUnavailable
from models.failure import Failure
from models.image_build import ImageRun, ImageRunState
from models.pipeline_record import RunOutput
from models.redaction import redacted
from models.resources import ImageTemplate, ImageTemplateReference, ImageTemplateState, ProvisioningState
from models.template_removal import FoundImageTemplate, TemplatesOfGroup
from policies.resources.resource_ids import parse_resource_id

TEMPLATE_GONE = "ResourceNotFound"
# Azure's code for what a template in this state does not allow.
BUSY = "OperationNotAllowed"
RUN_STATES = {state.value.lower(): state for state in ImageRunState}


async def put(azure: AzureClients, template: ImageTemplate) -> None:
    """Submit the image template; Azure goes on after the answer. Refused where one of that name exists."""
    async with azure_call(f"create image template {template.name}"):
        await azure.image_builder(template.subscription_id).virtual_machine_image_templates.begin_create_or_update(
            template.resource_group, template.name, template.body, polling=False
        )


async def get(azure: AzureClients, template: ImageTemplateReference) -> ImageTemplateState:
    """Read the image template; one that is not there is Absent."""
    found = await _find(azure, template)
    if found is None:
        return ImageTemplateState(id=template.id, state=ProvisioningState.ABSENT)
    properties = found.properties
    state = resource_state(template.id, properties.provisioning_state)
    return ImageTemplateState(
        id=template.id,
        state=state.state,
        failure=state.failure and _reason(state.failure, properties.provisioning_error),
        exact_source_version=_source_version(properties.source),
        tags=found.tags or {},
        staging_resource_group=_staging_group(properties),
    )


async def list_in_group(azure: AzureClients, group: TemplatesOfGroup) -> tuple[FoundImageTemplate, ...]:
    """Return the image templates of a resource group; none where the group is not there."""
    templates = azure.image_builder(group.subscription_id).virtual_machine_image_templates
    try:
        async with azure_call(f"list image templates of {group.resource_group}"):
            found = [template async for template in templates.list_by_resource_group(group.resource_group)]
    except AzureAbsent:
        return ()
    return tuple(_found(group, template) for template in found)


async def delete(azure: AzureClients, template: ImageTemplateReference) -> None:
    """Ask for the removal of the template; one that is not there is fine. Azure goes on after the answer.

    Raises AzureUnavailable while Azure is at it or at its run, which passes.
    """
    try:
        async with azure_call(f"delete image template {template.name}"):
            await azure.image_builder(template.subscription_id).virtual_machine_image_templates.begin_delete(
                template.resource_group, template.name, polling=False
            )
    except AzureAbsent:
        return
    except AzureRefused as refused:
        if refused.code != BUSY:
            raise
        raise AzureUnavailable(refused.operation, refused.code, refused.message) from None


async def run(azure: AzureClients, template: ImageTemplateReference) -> None:
    """Start a run of the template; refused with Conflict where one is on."""
    async with azure_call(f"run image template {template.name}"):
        await azure.image_builder(template.subscription_id).virtual_machine_image_templates.begin_run(
            template.resource_group, template.name, polling=False
        )


async def cancel(azure: AzureClients, template: ImageTemplateReference) -> None:
    """Cancel the run that is on; Azure goes on canceling after the answer."""
    async with azure_call(f"cancel the run of image template {template.name}"):
        await azure.image_builder(template.subscription_id).virtual_machine_image_templates.begin_cancel(
            template.resource_group, template.name, polling=False
        )


async def get_run(azure: AzureClients, template: ImageTemplateReference) -> ImageRun:
    """Read the template's last run; NotStarted where it has none yet.

    Raises AzureUnavailable without a template: one that was there may be hidden for a moment, and its run goes on.
    """
    found = await _find(azure, template)
    if found is None:
        operation = f"read the run of image template {template.name}"
        raise AzureUnavailable(operation, TEMPLATE_GONE, f"The image template {template.name} is not there (any more).")
    return _run(found.properties.last_run_status)


async def list_run_outputs(azure: AzureClients, template: ImageTemplateReference) -> tuple[RunOutput, ...]:
    """Return what the distributors of the template made; what one of them failed to make is not among it."""
    async with azure_call(f"list run outputs of image template {template.name}"):
        outputs = azure.image_builder(template.subscription_id).virtual_machine_image_templates.list_run_outputs(
            template.resource_group, template.name
        )
        found = [output async for output in outputs]
    return tuple(
        RunOutput(name=output.name or "", artifact=redacted(artifact))
        for output in found
        if output.properties
        and (artifact := output.properties.artifact_id or output.properties.artifact_uri)
        and resource_state("", output.properties.provisioning_state).state is not ProvisioningState.FAILED
    )


async def _find(azure: AzureClients, template: ImageTemplateReference) -> Any | None:
    try:
        async with azure_call(f"read image template {template.name}"):
            return await azure.image_builder(template.subscription_id).virtual_machine_image_templates.get(
                template.resource_group, template.name
            )
    except AzureAbsent:
        return None


def _run(status: Any) -> ImageRun:
    if status is None or status.run_state is None:
        return ImageRun(state=ImageRunState.NOT_STARTED)
    word = plain_text(status.run_state) or ""
    state = RUN_STATES.get(word.lower(), ImageRunState.UNKNOWN)
    return ImageRun(
        state=state,
        sub_state=word if state is ImageRunState.UNKNOWN else plain_text(status.run_sub_state),
        message=redacted(status.message or "") or None,
        started_at=time(status.start_time),
        ended_at=time(status.end_time),
    )


def _source_version(source: Any) -> str | None:
    """Return the exact version of the source: a managed image has none, and is told by its id."""
    return getattr(source, "exact_version", None) or getattr(source, "image_id", None)


def _staging_group(properties: Any) -> str | None:
    """Return the name of the staging resource group, once Azure Image Builder has made it."""
    group_id = properties.exact_staging_resource_group
    return parse_resource_id(group_id).get("resourcegroups") if group_id else None


def _found(group: TemplatesOfGroup, template: Any) -> FoundImageTemplate:
    reference = ImageTemplateReference(
        subscription_id=group.subscription_id, resource_group=group.resource_group, name=template.name
    )
    properties = template.properties
    return FoundImageTemplate(
        template=reference,
        state=resource_state(reference.id, properties.provisioning_state).state,
        run_state=_run(properties.last_run_status).state,
        tags=template.tags or {},
        staging_resource_group=_staging_group(properties),
    )


def _reason(failure: Failure, error: Any) -> Failure:
    """Return Azure Image Builder's own reason for a failed template, where it gives one."""
    if error is None:
        return failure
    return Failure(
        code=plain_text(error.provisioning_error_code) or failure.code,
        message=redacted(error.message or failure.message),
    )
