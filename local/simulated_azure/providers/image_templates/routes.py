"""The operations on image templates."""

import copy
from dataclasses import replace

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.operations import Operation, address
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import GROUP, Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.providers.image_templates import runs
from local.simulated_azure.providers.image_templates.outputs import NAMESPACE, OUTPUT_TYPE
from local.simulated_azure.providers.image_templates.rejection import Rejection
from local.simulated_azure.providers.image_templates.staging import create_staging, remove_staging
from local.simulated_azure.providers.image_templates.submission import (
    identity_id,
    refuse_bad_template,
    refuse_bad_update,
)
from local.simulated_azure.providers.image_templates.verification import verify
from local.simulated_azure.providers.locations import location_of

TYPE = f"{NAMESPACE}/imageTemplates"
TEMPLATES = f"{GROUP}/providers/{TYPE}"
TEMPLATE = f"{TEMPLATES}/{{template}}"

# States in which an operation is refused: provisioning states, then run states.
REFUSING_STATES = {
    "run": (["Creating", "Updating", "Failed", "Deleting"], runs.GOING_ON),
    "update": (["Creating", "Updating", "Deleting"], runs.GOING_ON),
    "delete": (["Creating", "Updating"], runs.GOING_ON),
}


async def put_template(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201 and `Creating`; a template that exists is never updated.

    Raises:
        ArmError: 409 `Conflict` for one that exists, 400 for a bad one.
    """
    if azure.resources.find(request.resource_id) is not None:
        raise ArmError(409, "Conflict", "Update/Upgrade of image templates is currently not supported.")
    refuse_bad_template(azure, request.route["template"], request.body)
    template = azure.new_resource(_new_body(azure, request))
    operation, headers = _begin(azure, request, template)
    answer = ArmResponse(201, copy.deepcopy(template.body), headers)
    azure.agenda.after(azure.pace.operation("image template"), lambda: _complete(azure, template, operation, request))
    return answer


async def _complete(azure: Azure, template: Resource, operation: Operation, request: ArmRequest) -> None:
    try:
        await verify(azure, template)
    except Rejection as reason:
        template.properties["provisioningState"] = reason.provisioning_state
        template.properties["provisioningError"] = {
            "provisioningErrorCode": reason.provisioning_error_code,
            "message": reason.message,
        }
        operation.end("Failed", azure.clock.now(), error={"code": reason.code, "message": reason.message})
        return
    create_staging(azure, template)
    template.body["identity"] = _known_identity(azure, template.body)
    template.properties["provisioningState"] = "Succeeded"
    operation.end("Succeeded", azure.clock.now())
    if (template.properties.get("autoRun") or {}).get("state") == "Enabled":
        # As if it had been asked for.
        run = replace(request, method="POST", resource_id=f"{request.resource_id}/run", path=f"{request.path}/run")
        runs.start_run(azure, template, _begin(azure, run, template)[0])


async def patch_template(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Change tags, identity, distribute or vmProfile; `Updating` for a while.

    Raises:
        ArmError: 400 for anything else, 409 while it is created, updated, deleted or run.
    """
    template = azure.resources.get(request.resource_id)
    refuse_bad_update(azure, request.body)
    _refuse_in_state(template, "update")
    template.body.update({name: request.body[name] for name in ("tags", "identity") if name in request.body})
    template.properties.update(request.properties())
    template.body["identity"] = _known_identity(azure, template.body)
    template.properties["provisioningState"] = "Updating"
    operation, headers = _begin(azure, request, template)

    def finish() -> None:
        template.properties["provisioningState"] = "Succeeded"
        operation.end("Succeeded", azure.clock.now())

    answer = ArmResponse(202, copy.deepcopy(template.body), {**headers, "Location": headers["Azure-AsyncOperation"]})
    azure.agenda.after(azure.pace.operation("image template update"), finish)
    return answer


async def get_template(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One template."""
    template = azure.resources.get(request.resource_id)
    if azure.clock.now() >= template.unseen.get("run status shown", template.created):
        return ArmResponse(200, template.body)
    properties = {name: value for name, value in template.properties.items() if name != "lastRunStatus"}
    return ArmResponse(200, {**template.body, "properties": properties})


async def list_templates(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Of a group or of the subscription."""
    scope = request.path.lower().partition("/providers/")[0]
    return ArmResponse(200, {"value": [template.body for template in azure.resources.of_type(TYPE, scope)]})


async def delete_template(azure: Azure, request: ArmRequest) -> ArmResponse:
    """202 and `Deleting`, then gone with its staging group; 204 where there is none.

    Raises:
        ArmError: 409 `OperationNotAllowed` while it is created, updated, run or canceled.
    """
    template = azure.resources.find(request.resource_id)
    if template is None:
        return ArmResponse(204)
    _refuse_in_state(template, "delete")
    template.properties["provisioningState"] = "Deleting"
    operation, headers = _begin(azure, request, template)

    async def finish() -> None:
        await remove_staging(azure, template)
        azure.resources.remove(template.id)
        operation.end("Succeeded", azure.clock.now())

    azure.agenda.after(azure.pace.operation("image template deletion"), finish)
    return ArmResponse(202, None, {**headers, "Location": address(operation, request, monitor=True)})


async def run_template(azure: Azure, request: ArmRequest) -> ArmResponse:
    """202 without a body; both headers lead to the same operation.

    Raises:
        ArmError: 409 `Conflict` while a run goes on, `OperationNotAllowed` in other states.
    """
    template = azure.resources.get(request.resource_id.rpartition("/run")[0])
    if _run_state(template) in runs.GOING_ON:
        raise ArmError(409, "Conflict", f"The image template '{template.name}' is already running.")
    _refuse_in_state(template, "run")
    operation, headers = _begin(azure, request, template)
    runs.start_run(azure, template, operation)
    return ArmResponse(202, None, {**headers, "Location": headers["Azure-AsyncOperation"]})


async def cancel_template(azure: Azure, request: ArmRequest) -> ArmResponse:
    """204 at once; the run is `Canceling` for a while.

    Raises:
        ArmError: 409 `Conflict` where nothing runs.
    """
    template = azure.resources.get(request.resource_id.rpartition("/cancel")[0])
    if _run_state(template) not in runs.GOING_ON:
        raise ArmError(409, "Conflict", f"There is no run of the image template '{template.name}' to cancel.")
    if _run_state(template) == "Running":
        runs.cancel(template.unseen["run"])
    return ArmResponse(204)


async def list_outputs(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Run outputs of a template."""
    template = azure.resources.get(request.resource_id.rpartition("/runOutputs")[0])
    return ArmResponse(200, {"value": [output.body for output in azure.resources.of_type(OUTPUT_TYPE, template.id)]})


async def get_output(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One run output."""
    template = azure.resources.get(request.resource_id.rpartition("/runOutputs/")[0])
    return ArmResponse(200, azure.resources.get(f"{template.id}/runOutputs/{request.route['output']}").body)


def _begin(azure: Azure, request: ArmRequest, template: Resource) -> tuple[Operation, dict[str, str]]:
    place = f"providers/{NAMESPACE}/locations/{template.body['location']}/operations"
    operation = azure.operations.begin(request, place)
    return operation, {"Azure-AsyncOperation": address(operation, request)}


def _run_state(template: Resource) -> str:
    return (template.properties.get("lastRunStatus") or {}).get("runState", "")


def _refuse_in_state(template: Resource, operation: str) -> None:
    provisioning_states, run_states = REFUSING_STATES[operation]
    for state, refusing in ((template.state, provisioning_states), (_run_state(template), run_states)):
        if state in refusing:
            raise ArmError(
                409,
                "OperationNotAllowed",
                f"Operation '{operation}' is not allowed on image template '{template.name}' in state '{state}'.",
            )


def _new_body(azure: Azure, request: ArmRequest) -> Json:
    """The body as the service answers it: with what it adds, and with `resourcegroups` in lower case, as recorded."""
    now = timestamp(azure.clock.now())
    author = {"By": request.caller, "ByType": "Application", "At": now}
    given = copy.deepcopy(request.properties())
    profile: Json = given.pop("vmProfile", None) or {}
    properties: Json = {name: value for name, value in given.items() if value is not None}
    for step in properties.get("customize") or []:
        if step["type"] == "PowerShell":
            step.update({"runElevated": False, "runAsSystem": False} | step)
    for distributor in properties["distribute"]:
        distributor["artifactTags"] = distributor.get("artifactTags") or {}
    return {
        "properties": {
            **properties,
            "provisioningState": "Creating",
            "buildTimeoutInMinutes": properties.get("buildTimeoutInMinutes") or 0,
            "vmProfile": {"vmSize": "", "osDiskSizeGB": 0} | profile,
        },
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity_id(request.body): {}}},
        "id": request.resource_id.replace("/resourceGroups/", "/resourcegroups/"),
        "name": request.route["template"],
        "type": TYPE,
        "location": location_of(request.body),
        "tags": request.body.get("tags") or {},
        "systemData": {
            f"{verb}{what}": value for verb in ("created", "lastModified") for what, value in author.items()
        },
    }


def _known_identity(azure: Azure, body: Json) -> Json:
    """The template's identity with its principal and client id."""
    assigned = identity_id(body)
    properties = azure.resources.get(assigned).properties
    known = {name: properties[name] for name in ("principalId", "clientId")}
    return {"type": "UserAssigned", "userAssignedIdentities": {assigned: known}}


ROUTES = [
    Route("PUT", TEMPLATE, put_template, NAMESPACE),
    Route("PATCH", TEMPLATE, patch_template, NAMESPACE),
    Route("GET", TEMPLATE, get_template, NAMESPACE),
    Route("DELETE", TEMPLATE, delete_template, NAMESPACE),
    Route("POST", f"{TEMPLATE}/run", run_template, NAMESPACE),
    Route("POST", f"{TEMPLATE}/cancel", cancel_template, NAMESPACE),
    Route("GET", f"{TEMPLATE}/runOutputs", list_outputs, NAMESPACE),
    Route("GET", f"{TEMPLATE}/runOutputs/{{output}}", get_output, NAMESPACE),
    Route("GET", TEMPLATES, list_templates, NAMESPACE),
    Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_templates, NAMESPACE),
]
