"""Managed images, as sources and results of builds (Microsoft.Compute)."""

from local.simulated_azure.arm.messages import ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import GROUP, Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.galleries import NAMESPACE, begin_compute_operation, complete_later
from local.simulated_azure.providers.locations import location_of

TYPE = f"{NAMESPACE}/images"
IMAGES = f"{GROUP}/providers/{TYPE}"
IMAGE = f"{IMAGES}/{{image}}"


def create_managed_image(azure: Azure, image_id: str, body: Json, state: str = "Succeeded") -> Resource:
    """A managed image; also Image Builder makes them."""
    return azure.new_resource(
        {
            "name": image_id.rpartition("/")[2],
            "id": image_id,
            "type": TYPE,
            "location": location_of(body),
            "tags": body.get("tags") or {},
            "properties": {**(body.get("properties") or {}), "provisioningState": state},
        },
    )


async def put_image(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201 while it is made, 200 for one that exists."""
    present = azure.resources.find(request.resource_id)
    if present is not None:
        return ArmResponse(200, present.body)
    image = create_managed_image(azure, request.resource_id, request.body, "Creating")
    operation, headers = begin_compute_operation(azure, request, image.body["location"])
    answer = ArmResponse(201, {**image.body, "properties": {**image.properties}}, headers)
    complete_later(azure, image, operation, "managed image")
    return answer


async def get_image(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One image."""
    return ArmResponse(200, azure.resources.get(request.resource_id).body)


async def list_images(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Of a group."""
    scope = request.resource_id.partition("/providers/")[0]
    return ArmResponse(200, {"value": [image.body for image in azure.resources.of_type(TYPE, scope)]})


async def delete_image(azure: Azure, request: ArmRequest) -> ArmResponse:
    """200, or 204 where there is none."""
    present = azure.resources.find(request.resource_id)
    azure.resources.remove(request.resource_id)
    return ArmResponse(200 if present else 204)


ROUTES = [
    Route("PUT", IMAGE, put_image, NAMESPACE),
    Route("GET", IMAGE, get_image, NAMESPACE),
    Route("DELETE", IMAGE, delete_image, NAMESPACE),
    Route("GET", IMAGES, list_images, NAMESPACE),
]
