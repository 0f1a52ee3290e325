"""Compute galleries and image definitions (Microsoft.Compute)."""

import re
from typing import Any

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.operations import Operation, address
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import GROUP, Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.locations import location_of

NAMESPACE = "Microsoft.Compute"
TYPE = f"{NAMESPACE}/galleries"
DEFINITION_TYPE = f"{TYPE}/images"
GALLERIES = f"{GROUP}/providers/{TYPE}"
GALLERY = f"{GALLERIES}/{{gallery}}"
DEFINITION = f"{GALLERY}/images/{{definition}}"

GALLERY_NAME = re.compile("[A-Za-z0-9]([A-Za-z0-9._]{0,78}[A-Za-z0-9])?")
DEFINITION_NAME = re.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")
REQUIRED_OF_DEFINITION = ["osType", "osState", "identifier"]
UNCHANGEABLE_OF_DEFINITION = ["osType", "osState", "identifier", "hyperVGeneration", "architecture", "purchasePlan"]
DEFINITION_DEFAULTS = {"hyperVGeneration": "V1", "architecture": "x64"}


def begin_compute_operation(azure: Azure, request: ArmRequest, location: str) -> tuple[Operation, dict[str, str]]:
    """An operation of this provider, and the headers of the answer that accepts it."""
    operation = azure.operations.begin(request, f"providers/{NAMESPACE}/locations/{location}/capsOperations")
    return operation, {"Azure-AsyncOperation": address(operation, request)}


def complete_later(azure: Azure, resource: Resource, operation: Operation, pace: str) -> None:
    """Let the resource become `Succeeded` and end the operation."""

    def finish() -> None:
        resource.properties["provisioningState"] = "Succeeded"
        operation.end("Succeeded", azure.clock.now(), result=resource.body)

    azure.agenda.after(azure.pace.operation(pace), finish)


async def put_gallery(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201 while it is made, 200 for one that exists.

    Raises:
        ArmError: 400 for a bad name.
    """
    name = request.route["gallery"]
    if not GALLERY_NAME.fullmatch(name):
        raise _bad_name("gallery", name)
    present = azure.resources.find(request.resource_id)
    if present is not None:
        present.body["tags"] = request.body.get("tags") or {}
        present.properties.update(_without(request.properties(), "provisioningState", "identifier"))
        return ArmResponse(200, present.body)
    gallery = azure.new_resource(
        {
            **_tracked(request, name, TYPE),
            "properties": {
                **request.properties(),
                "identifier": {"uniqueName": f"{request.subscription_id}-{name.upper()}"},
                "provisioningState": "Creating",
            },
        },
    )
    operation, headers = begin_compute_operation(azure, request, gallery.body["location"])
    answer = ArmResponse(201, _copy(gallery), headers)
    complete_later(azure, gallery, operation, "gallery")
    return answer


async def put_definition(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201 while it is made, 200 for one that exists; what images depend on cannot be changed.

    Raises:
        ArmError: 400 for a bad name or missing property, 404 or 409 for an unready gallery, 409 for a change.
    """
    name, wish = request.route["definition"], request.properties()
    if not DEFINITION_NAME.fullmatch(name):
        raise _bad_name("galleryImage", name)
    refuse_unready_parent(azure, request.resource_id.rpartition("/images/")[0])
    for missing in [property_ for property_ in REQUIRED_OF_DEFINITION if not wish.get(property_)]:
        message = f"Required parameter 'galleryImage.properties.{missing}' is missing (null)."
        raise ArmError(400, "InvalidParameter", message)
    present = azure.resources.find(request.resource_id)
    if present is not None:
        _refuse_changes(present, DEFINITION_DEFAULTS | wish)
        present.properties.update(_without(wish, "provisioningState"))
        present.body["tags"] = request.body.get("tags") or {}
        return ArmResponse(200, present.body)
    definition = azure.new_resource(
        {
            **_tracked(request, name, DEFINITION_TYPE),
            "properties": {**DEFINITION_DEFAULTS, **wish, "provisioningState": "Creating"},
        },
    )
    operation, headers = begin_compute_operation(azure, request, definition.body["location"])
    answer = ArmResponse(201, _copy(definition), headers)
    complete_later(azure, definition, operation, "image definition")
    return answer


def refuse_unready_parent(azure: Azure, parent_id: str) -> Resource:
    """The gallery or definition in which something is to be made.

    Raises:
        ArmError: 404 if it does not exist, 409 while it is made or deleted.
    """
    parent = azure.resources.find(parent_id)
    if parent is None:
        raise ArmError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform 'write' on resource(s), because the parent resource '{parent_id}' could not be found.",
        )
    if parent.state not in {"Succeeded", "Updating"}:
        raise ArmError(409, "Conflict", f"The resource '{parent.id}' is in state '{parent.state}'; try again later.")
    return parent


def _refuse_changes(present: Resource, wish: Json) -> None:
    for name in UNCHANGEABLE_OF_DEFINITION:
        if _folded(wish.get(name)) != _folded(present.properties.get(name)):
            raise ArmError(
                409,
                "PropertyChangeNotAllowed",
                f"Changing property 'galleryImage.properties.{name}' is not allowed.",
            )
    if _security_type(wish) != _security_type(present.properties):
        raise ArmError(
            409, "PropertyChangeNotAllowed", "Changing property 'galleryImage.properties.features' is not allowed."
        )


def _security_type(properties: Json) -> str:
    features = {feature["name"]: feature["value"] for feature in properties.get("features") or []}
    return features.get("SecurityType", "Standard")


async def get_gallery_resource(azure: Azure, request: ArmRequest) -> ArmResponse:
    """A gallery or a definition."""
    return ArmResponse(200, azure.resources.get(request.resource_id).body)


async def patch_gallery_resource(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Change the tags and the properties that can be changed."""
    resource = azure.resources.get(request.resource_id)
    if resource.type == DEFINITION_TYPE:
        _refuse_changes(resource, resource.properties | request.properties())
    resource.properties.update(_without(request.properties(), "provisioningState", "identifier"))
    if "tags" in request.body:
        resource.body["tags"] = request.body["tags"]
    return ArmResponse(200, resource.body)


async def list_galleries(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Of a group or of the subscription."""
    scope = request.path.lower().partition("/providers/")[0]
    return ArmResponse(200, {"value": [gallery.body for gallery in azure.resources.of_type(TYPE, scope)]})


async def list_definitions(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Of a gallery."""
    gallery = azure.resources.get(request.resource_id.rpartition("/images")[0])
    found = azure.resources.of_type(DEFINITION_TYPE, gallery.id)
    return ArmResponse(200, {"value": [definition.body for definition in found]})


async def delete_gallery_resource(azure: Azure, request: ArmRequest) -> ArmResponse:
    """`Deleting` for a while, then gone; 204 where there is none. Versions are deleted in the same way.

    Raises:
        ArmError: 409 while there is something in it.
    """
    resource = azure.resources.find(request.resource_id)
    if resource is None:
        return ArmResponse(204)
    if any(nested.type.startswith(f"{resource.type}/") for nested in azure.resources.under(resource.id)):
        raise ArmError(
            409,
            "CannotDeleteResource",
            "Can not delete resource before nested resources are deleted.",
        )
    operation, headers = begin_compute_operation(azure, request, resource.body["location"])
    headers["Location"] = address(operation, request, monitor=True)
    resource.properties["provisioningState"] = "Deleting"

    def finish() -> None:
        azure.resources.remove(resource.id)
        operation.end("Succeeded", azure.clock.now())

    azure.agenda.after(azure.pace.operation("gallery deletion"), finish)
    return ArmResponse(202, None, headers)


def _tracked(request: ArmRequest, name: str, resource_type: str) -> Json:
    return {
        "name": name,
        "id": request.resource_id,
        "type": resource_type,
        "location": location_of(request.body),
        "tags": request.body.get("tags") or {},
    }


def _copy(resource: Resource) -> Json:
    """The body as it is now; the state goes on."""
    return {**resource.body, "properties": {**resource.properties}}


def _without(properties: Json, *names: str) -> Json:
    return {name: value for name, value in properties.items() if name not in names}


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _bad_name(kind: str, name: str) -> ArmError:
    return ArmError(
        400,
        "InvalidParameter",
        f"The entity name '{kind}.name' is invalid according to its validation rule: '{name}'.",
    )


ROUTES = [
    Route("PUT", GALLERY, put_gallery, NAMESPACE),
    Route("GET", GALLERY, get_gallery_resource, NAMESPACE),
    Route("PATCH", GALLERY, patch_gallery_resource, NAMESPACE),
    Route("DELETE", GALLERY, delete_gallery_resource, NAMESPACE),
    Route("GET", GALLERIES, list_galleries, NAMESPACE),
    Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_galleries, NAMESPACE),
    Route("PUT", DEFINITION, put_definition, NAMESPACE),
    Route("GET", DEFINITION, get_gallery_resource, NAMESPACE),
    Route("PATCH", DEFINITION, patch_gallery_resource, NAMESPACE),
    Route("DELETE", DEFINITION, delete_gallery_resource, NAMESPACE),
    Route("GET", f"{GALLERY}/images", list_definitions, NAMESPACE),
]
