"""User-assigned managed identities (Microsoft.ManagedIdentity)."""

from local.simulated_azure.arm.messages import ArmRequest, ArmResponse
from local.simulated_azure.arm.routing import GROUP, Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.providers.locations import location_of

NAMESPACE = "Microsoft.ManagedIdentity"
TYPE = f"{NAMESPACE}/userAssignedIdentities"
IDENTITIES = f"{GROUP}/providers/{TYPE}"
IDENTITY = f"{IDENTITIES}/{{identity}}"


async def put_identity(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201 with a new principal, or 200; there at once, though the role service may not know the principal yet."""
    present = azure.resources.find(request.resource_id)
    if present is not None:
        present.body["tags"] = request.body.get("tags") or {}
        return ArmResponse(200, present.body)
    identity = azure.new_resource(
        {
            "id": request.resource_id,
            "name": request.route["identity"],
            "type": TYPE,
            "location": location_of(request.body),
            "tags": request.body.get("tags") or {},
            "properties": {"tenantId": azure.tenant_id, "principalId": new_guid(), "clientId": new_guid()},
        },
    )
    return ArmResponse(201, identity.body, {"Location": request.resource_id})


async def get_identity(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One identity."""
    return ArmResponse(200, azure.resources.get(request.resource_id).body)


async def patch_identity(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Change the tags."""
    identity = azure.resources.get(request.resource_id)
    identity.body["tags"] = request.body.get("tags") or {}
    return ArmResponse(200, identity.body)


async def list_identities(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Of a group or of the subscription."""
    scope = request.path.lower().partition("/providers/")[0]
    return ArmResponse(200, {"value": [identity.body for identity in azure.resources.of_type(TYPE, scope)]})


async def delete_identity(azure: Azure, request: ArmRequest) -> ArmResponse:
    """200, or 204 where there is none."""
    present = azure.resources.find(request.resource_id)
    azure.resources.remove(request.resource_id)
    return ArmResponse(200 if present else 204)


ROUTES = [
    Route("PUT", IDENTITY, put_identity, NAMESPACE),
    Route("GET", IDENTITY, get_identity, NAMESPACE),
    Route("PATCH", IDENTITY, patch_identity, NAMESPACE),
    Route("DELETE", IDENTITY, delete_identity, NAMESPACE),
    Route("GET", IDENTITIES, list_identities, NAMESPACE),
    Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_identities, NAMESPACE),
]
