"""Subscriptions, their locations, and the registration of resource providers in them (Microsoft.Resources)."""

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.routing import Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.locations import LOCATIONS

SUBSCRIPTION = "/subscriptions/{subscription}"
NAMESPACE = "/subscriptions/{subscription}/providers/{namespace}"

# Namespaces and their resource types, as `GET .../providers/{namespace}` lists them.
NAMESPACES = {
    "Microsoft.Authorization": ["roleAssignments", "roleDefinitions"],
    "Microsoft.Compute": ["galleries", "galleries/images", "galleries/images/versions", "images", "virtualMachines"],
    "Microsoft.ContainerInstance": ["containerGroups"],
    "Microsoft.KeyVault": ["vaults"],
    "Microsoft.ManagedIdentity": ["userAssignedIdentities"],
    "Microsoft.Network": ["virtualNetworks", "networkSecurityGroups"],
    "Microsoft.Resources": ["resourceGroups", "tags"],
    "Microsoft.Storage": ["storageAccounts", "storageAccounts/blobServices"],
    "Microsoft.VirtualMachineImages": ["imageTemplates", "imageTemplates/runOutputs"],
}


async def list_subscriptions(azure: Azure, _: ArmRequest) -> ArmResponse:
    """All that exist."""
    return ArmResponse(200, {"value": [_subscription(azure, guid) for guid in azure.subscriptions]})


async def get_subscription(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One of them; an unknown one was refused before."""
    return ArmResponse(200, _subscription(azure, request.subscription_id))


async def list_locations(_: Azure, request: ArmRequest) -> ArmResponse:
    """The regions."""
    locations = [
        {
            "id": f"/subscriptions/{request.subscription_id}/locations/{name}",
            "name": name,
            "displayName": display_name,
            "metadata": {"regionType": "Physical"},
        }
        for name, display_name in LOCATIONS.items()
    ]
    return ArmResponse(200, {"value": locations})


async def list_providers(azure: Azure, request: ArmRequest) -> ArmResponse:
    """All namespaces with their registration."""
    return ArmResponse(200, {"value": [_provider(azure, request.subscription_id, name) for name in NAMESPACES]})


async def get_provider(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One namespace with its registration."""
    return ArmResponse(200, _provider(azure, request.subscription_id, _namespace(request)))


async def register_provider(azure: Azure, request: ArmRequest) -> ArmResponse:
    """`Registering` for a while, unless it is registered."""
    namespace = _namespace(request)
    key = (request.subscription_id.lower(), namespace.lower())
    if azure.unregistered.get(key) in {"NotRegistered", "Unregistered"}:
        azure.unregistered[key] = "Registering"
        azure.agenda.after(azure.pace.operation("provider registration"), lambda: _forget(azure, key))
    return ArmResponse(200, _provider(azure, request.subscription_id, namespace))


async def unregister_provider(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Its resource types are refused from now on."""
    namespace = _namespace(request)
    azure.unregistered[request.subscription_id.lower(), namespace.lower()] = "Unregistered"
    return ArmResponse(200, _provider(azure, request.subscription_id, namespace))


def _forget(azure: Azure, key: tuple[str, str]) -> None:
    azure.unregistered.pop(key, None)


def _namespace(request: ArmRequest) -> str:
    """The namespace of the path in its own spelling."""
    asked = request.route["namespace"]
    for namespace in NAMESPACES:
        if namespace.lower() == asked.lower():
            return namespace
    raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{asked}' is invalid.")


def _subscription(azure: Azure, guid: str) -> Json:
    return {
        "id": f"/subscriptions/{guid}",
        "subscriptionId": guid,
        "tenantId": azure.tenant_id,
        "displayName": f"Simulated {guid[-4:]}",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _provider(azure: Azure, subscription: str, namespace: str) -> Json:
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": azure.unregistered.get((subscription.lower(), namespace.lower()), "Registered"),
        "resourceTypes": [
            {"resourceType": resource_type, "locations": [*LOCATIONS.values()], "apiVersions": []}
            for resource_type in NAMESPACES[namespace]
        ],
    }


ROUTES = [
    Route("GET", "/subscriptions", list_subscriptions),
    Route("GET", SUBSCRIPTION, get_subscription),
    Route("GET", f"{SUBSCRIPTION}/locations", list_locations),
    Route("GET", f"{SUBSCRIPTION}/providers", list_providers),
    Route("GET", NAMESPACE, get_provider),
    Route("POST", f"{NAMESPACE}/register", register_provider),
    Route("POST", f"{NAMESPACE}/unregister", unregister_provider),
]
