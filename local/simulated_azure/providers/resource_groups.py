"""Resource groups, the list of what is in them, and tags of any resource (Microsoft.Resources)."""

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.operations import address
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import GROUP, Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.locations import location_of

GROUPS = "/subscriptions/{subscription}/resourceGroups"
TYPE = "Microsoft.Resources/resourceGroups"
TAGS = "/{scope}/providers/Microsoft.Resources/tags/default"


async def put_group(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Create or update; the location cannot be changed.

    Raises:
        ArmError: 400 without a proper location, 409 for another location or while it is deleted.
    """
    location = location_of(request.body)
    group = azure.resources.find(request.resource_id)
    if group is None:
        return ArmResponse(201, create_group(azure, request.resource_id, request.body).body)
    if group.state == "Deleting":
        raise ArmError(
            409,
            "ResourceGroupBeingDeleted",
            f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation.",
        )
    if location != group.body["location"]:
        raise ArmError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{group.body['location']}'.",
        )
    group.body["tags"] = request.body.get("tags") or {}
    return ArmResponse(200, group.body)


def create_group(azure: Azure, group_id: str, body: Json) -> Resource:
    """A new group, there at once; also Image Builder makes such groups."""
    return azure.new_resource(
        {
            "id": group_id,
            "name": group_id.rpartition("/")[2],
            "type": TYPE,
            "location": location_of(body),
            "tags": body.get("tags") or {},
            **({"managedBy": body["managedBy"]} if body.get("managedBy") else {}),
            "properties": {"provisioningState": "Succeeded"},
        },
    )


async def get_group(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One group."""
    return ArmResponse(200, azure.resources.get(request.resource_id).body)


async def head_group(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Whether it exists: 204 or 404."""
    return ArmResponse(204 if azure.resources.find(request.resource_id) else 404)


async def patch_group(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Change the tags."""
    group = azure.resources.get(request.resource_id)
    if "tags" in request.body:
        group.body["tags"] = request.body["tags"]
    return ArmResponse(200, group.body)


async def list_groups(azure: Azure, request: ArmRequest) -> ArmResponse:
    """All groups of the subscription."""
    groups = azure.resources.of_type(TYPE, f"/subscriptions/{request.subscription_id}")
    return ArmResponse(200, {"value": [group.body for group in groups]})


async def delete_group(azure: Azure, request: ArmRequest) -> ArmResponse:
    """`Deleting` for a while, then gone with everything in it."""
    group = azure.resources.get(request.resource_id)
    operation = azure.operations.begin(request, "operationresults")
    headers = {"Location": address(operation, request, monitor=True), "Retry-After": "1"}
    group.properties["provisioningState"] = "Deleting"

    async def finish() -> None:
        await remove_group(azure, group.id)
        operation.end("Succeeded", azure.clock.now())

    azure.agenda.after(azure.pace.operation("resource group deletion"), finish)
    return ArmResponse(202, None, headers)


async def remove_group(azure: Azure, group_id: str) -> None:
    """Remove the group, its contents and the groups that these manage; blob accounts are emptied and returned."""
    for managed in azure.resources.of_type(TYPE, "/subscriptions"):
        if managed.body.get("managedBy", "").lower().startswith(f"{group_id}/".lower()):
            await remove_group(azure, managed.id)
    for account in azure.resources.of_type("Microsoft.Storage/storageAccounts", group_id):
        await azure.blobs.take_back(account.name)
    azure.resources.remove(group_id)


async def list_contents(azure: Azure, request: ArmRequest) -> ArmResponse:
    """The top-level resources of a group or subscription, optionally of one type (`$filter=resourceType eq '...'`)."""
    scope = request.resource_id.rpartition("/")[0]
    wanted = request.query.get("$filter", "").partition("resourceType eq ")[2].strip("'").lower()
    found = [
        {name: resource.body[name] for name in ("id", "name", "type", "location", "tags") if name in resource.body}
        for resource in azure.resources.under(scope)
        if "location" in resource.body
        and resource.type != TYPE
        and resource.type.count("/") == 1
        and wanted in {"", resource.type.lower()}
    ]
    return ArmResponse(200, {"value": found})


async def get_tags(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Tags of any resource."""
    return ArmResponse(200, _tags_body(azure.resources.get(f"/{request.route['scope']}")))


async def put_tags(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Replace the tags of any resource."""
    resource = azure.resources.get(f"/{request.route['scope']}")
    resource.body["tags"] = request.properties().get("tags") or {}
    return ArmResponse(200, _tags_body(resource))


async def patch_tags(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Merge, replace or delete tags of any resource, by the body's `operation`."""
    resource = azure.resources.get(f"/{request.route['scope']}")
    given: dict[str, str] = request.properties().get("tags") or {}
    present: dict[str, str] = resource.body.get("tags") or {}
    resource.body["tags"] = {
        "merge": present | given,
        "replace": given,
        "delete": {name: value for name, value in present.items() if name not in given},
    }[request.body["operation"].lower()]
    return ArmResponse(200, _tags_body(resource))


def _tags_body(resource: Resource) -> Json:
    return {
        "id": f"{resource.id}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": resource.body.get("tags") or {}},
    }


ROUTES = [
    Route("GET", GROUPS, list_groups),
    Route("PUT", GROUP, put_group),
    Route("GET", GROUP, get_group),
    Route("HEAD", GROUP, head_group),
    Route("PATCH", GROUP, patch_group),
    Route("DELETE", GROUP, delete_group),
    Route("GET", f"{GROUP}/resources", list_contents),
    Route("GET", "/subscriptions/{subscription}/resources", list_contents),
    Route("GET", TAGS, get_tags),
    Route("PUT", TAGS, put_tags),
    Route("PATCH", TAGS, patch_tags),
]
