"""Storage accounts and blob containers, management plane (Microsoft.Storage)."""

import re

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.operations import address
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import GROUP, Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.providers.locations import location_of

NAMESPACE = "Microsoft.Storage"
TYPE = f"{NAMESPACE}/storageAccounts"
CONTAINER_TYPE = f"{TYPE}/blobServices/containers"
ACCOUNTS = f"{GROUP}/providers/{TYPE}"
ACCOUNT = f"{ACCOUNTS}/{{account}}"
BLOB_SERVICE = f"{ACCOUNT}/blobServices/default"
CONTAINERS = f"{BLOB_SERVICE}/containers"
CONTAINER = f"{CONTAINERS}/{{container}}"
SUBSCRIPTION = f"/subscriptions/{{subscription}}/providers/{NAMESPACE}"

ACCOUNT_NAME = re.compile("[a-z0-9]{3,24}")
CONTAINER_NAME = re.compile("(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]|\\$(root|web|logs)")
NAME_RULE = (
    "Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only."
)
SKUS = [
    *("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Standard_GZRS", "Standard_RAGZRS"),
    *("Premium_LRS", "Premium_ZRS"),
]
# What a new account has unless the request says otherwise.
ACCOUNT_DEFAULTS: Json = {
    "supportsHttpsTrafficOnly": True,
    "accessTier": "Hot",
    "minimumTlsVersion": "TLS1_2",
    "allowBlobPublicAccess": False,
    "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
}


async def put_account(azure: Azure, request: ArmRequest) -> ArmResponse:
    """202 with a Location while it is made, 200 for one that exists.

    Raises:
        ArmError: 400 for a bad name, 409 for a taken one.
    """
    name = request.route["account"]
    if not ACCOUNT_NAME.fullmatch(name):
        raise ArmError(400, "AccountNameInvalid", f"{name} is not a valid storage account name. {NAME_RULE}")
    present = azure.resources.find(request.resource_id)
    if present is not None:
        present.properties.update(request.properties())
        present.body["tags"] = request.body.get("tags") or {}
        return ArmResponse(200, present.body)
    if _taken(azure, name):
        raise ArmError(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    account = create_account(azure, request.resource_id, request.body)
    operation = azure.operations.begin(
        request, f"providers/{NAMESPACE}/locations/{account.body['location']}/asyncoperations"
    )

    def finish() -> None:
        account.properties["provisioningState"] = "Succeeded"
        operation.end("Succeeded", azure.clock.now(), result=account.body)

    azure.agenda.after(azure.pace.operation("storage account"), finish)
    headers = {"Location": address(operation, request, monitor=True), "Retry-After": "1"}
    return ArmResponse(202, None, headers)


def create_account(azure: Azure, account_id: str, body: Json, state: str = "Creating") -> Resource:
    """A new account with a blob account of the pool behind it; also Image Builder makes such accounts.

    Raises:
        ArmError: 400 without a proper location or SKU, 409 when the pool is empty.
    """
    name = account_id.rpartition("/")[2]
    location, sku = location_of(body), (body.get("sku") or {}).get("name")
    if sku not in SKUS:
        raise ArmError(400, "InvalidValuesForRequestParameters", f"Values for sku are invalid: '{sku}'.")
    return azure.new_resource(
        {
            "id": account_id,
            "name": name,
            "type": TYPE,
            "location": location,
            "tags": body.get("tags") or {},
            "kind": body.get("kind", "StorageV2"),
            "sku": {"name": sku, "tier": sku.partition("_")[0]},
            "properties": {
                **ACCOUNT_DEFAULTS,
                **(body.get("properties") or {}),
                "creationTime": timestamp(azure.clock.now()),
                "primaryEndpoints": {"blob": azure.blobs.lend(name)},
                "primaryLocation": location,
                "statusOfPrimary": "available",
                "provisioningState": state,
            },
        },
    )


async def get_account(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One account."""
    return ArmResponse(200, azure.resources.get(request.resource_id).body)


async def patch_account(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Change properties and tags."""
    account = azure.resources.get(request.resource_id)
    account.properties.update(request.properties())
    if "tags" in request.body:
        account.body["tags"] = request.body["tags"]
    return ArmResponse(200, account.body)


async def list_accounts(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Of a group or of the subscription."""
    scope = request.path.lower().partition("/providers/")[0]
    return ArmResponse(200, {"value": [account.body for account in azure.resources.of_type(TYPE, scope)]})


async def delete_account(azure: Azure, request: ArmRequest) -> ArmResponse:
    """200, or 204 where there is none."""
    if azure.resources.find(request.resource_id) is None:
        return ArmResponse(204)
    azure.resources.remove(request.resource_id)
    await azure.blobs.take_back(request.route["account"])
    return ArmResponse(200)


async def check_name(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Whether a name can be taken, and why not."""
    name: str = request.body.get("name", "")
    if not ACCOUNT_NAME.fullmatch(name):
        answer = {
            "nameAvailable": False,
            "reason": "AccountNameInvalid",
            "message": f"{name} is not valid. {NAME_RULE}",
        }
    elif _taken(azure, name):
        message = f"The storage account named {name} is already taken."
        answer = {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
    else:
        answer = {"nameAvailable": True}
    return ArmResponse(200, answer)


async def get_blob_service(azure: Azure, request: ArmRequest) -> ArmResponse:
    """The blob service, which every account has."""
    azure.resources.get(request.resource_id.rpartition("/blobServices/")[0])
    body = {"id": request.resource_id, "name": "default", "type": f"{TYPE}/blobServices", "properties": {}}
    return ArmResponse(200, body)


async def put_container(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201, or 200 for one that exists; the account must be complete.

    Raises:
        ArmError: 400 for a bad name, 409 while the account is made.
    """
    account = azure.resources.get(request.resource_id.rpartition("/blobServices/")[0])
    name = request.route["container"]
    if not CONTAINER_NAME.fullmatch(name):
        raise ArmError(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
    if account.state != "Succeeded":
        raise ArmError(
            409,
            "StorageAccountOperationInProgress",
            "An operation is currently performing on this storage account that requires exclusive access.",
        )
    present = azure.resources.find(request.resource_id)
    await azure.blobs.create_container(account.properties["primaryEndpoints"]["blob"], name)
    return ArmResponse(200 if present else 201, _new_container(azure, request) if present is None else present.body)


def _new_container(azure: Azure, request: ArmRequest) -> Json:
    properties = {
        "publicAccess": "None",
        "metadata": {},
        **request.properties(),
        "lastModifiedTime": timestamp(azure.clock.now()),
        "leaseState": "Available",
        "leaseStatus": "Unlocked",
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
        "deleted": False,
        "remainingRetentionDays": 0,
    }
    return azure.new_resource(
        {
            "id": request.resource_id,
            "name": request.route["container"],
            "type": CONTAINER_TYPE,
            "etag": f'"0x{new_guid()[:8].upper()}"',
            "properties": properties,
        },
    ).body


async def get_container(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One container.

    Raises:
        ArmError: 404 `ContainerNotFound`.
    """
    azure.resources.get(request.resource_id.rpartition("/blobServices/")[0])
    container = azure.resources.find(request.resource_id)
    if container is None:
        raise ArmError(404, "ContainerNotFound", "The specified container does not exist.")
    return ArmResponse(200, container.body)


async def list_containers(azure: Azure, request: ArmRequest) -> ArmResponse:
    """All containers of an account."""
    account = azure.resources.get(request.resource_id.rpartition("/blobServices/")[0])
    found = azure.resources.of_type(CONTAINER_TYPE, account.id)
    return ArmResponse(200, {"value": [container.body for container in found]})


async def delete_container(azure: Azure, request: ArmRequest) -> ArmResponse:
    """200, or 204 where there is none."""
    account = azure.resources.get(request.resource_id.rpartition("/blobServices/")[0])
    if azure.resources.find(request.resource_id) is None:
        return ArmResponse(204)
    azure.resources.remove(request.resource_id)
    await azure.blobs.delete_container(account.properties["primaryEndpoints"]["blob"], request.route["container"])
    return ArmResponse(200)


def _taken(azure: Azure, name: str) -> bool:
    """Names are unique in the whole cloud."""
    return any(account.name == name for account in azure.resources.of_type(TYPE, "/subscriptions"))


ROUTES = [
    Route("PUT", ACCOUNT, put_account, NAMESPACE),
    Route("GET", ACCOUNT, get_account, NAMESPACE),
    Route("PATCH", ACCOUNT, patch_account, NAMESPACE),
    Route("DELETE", ACCOUNT, delete_account, NAMESPACE),
    Route("GET", ACCOUNTS, list_accounts, NAMESPACE),
    Route("GET", f"{SUBSCRIPTION}/storageAccounts", list_accounts, NAMESPACE),
    Route("POST", f"{SUBSCRIPTION}/checkNameAvailability", check_name, NAMESPACE),
    Route("GET", BLOB_SERVICE, get_blob_service, NAMESPACE),
    Route("PUT", CONTAINER, put_container, NAMESPACE),
    Route("GET", CONTAINER, get_container, NAMESPACE),
    Route("DELETE", CONTAINER, delete_container, NAMESPACE),
    Route("GET", CONTAINERS, list_containers, NAMESPACE),
]
