"""Storage accounts and their containers (Microsoft.Storage), seen from Azure Resource Manager."""

from azure.mgmt.storage import models

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import region_name, resource_state
from models.errors import AzureAbsent
from models.resources import BlobContainer, ProvisioningState, ResourceState, StorageAccount, StorageAccountState


async def put(azure: AzureClients, account: StorageAccount) -> None:
    """Ask for the account: no shared key, no public blobs, TLS 1.2. Azure goes on after the answer."""
    async with azure_call(f"create storage account {account.name}"):
        await azure.storage(account.subscription_id).storage_accounts.begin_create(
            account.resource_group,
            account.name,
            {
                "location": account.location,
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "properties": {
                    "allowSharedKeyAccess": False,
                    "allowBlobPublicAccess": False,
                    "defaultToOAuthAuthentication": True,
                    "minimumTlsVersion": "TLS1_2",
                    "supportsHttpsTrafficOnly": True,
                },
            },
            polling=False,
        )


async def get(azure: AzureClients, account: StorageAccount) -> StorageAccountState:
    """Read the account; one that is not there is Absent."""
    try:
        async with azure_call(f"read storage account {account.name}"):
            found = await azure.storage(account.subscription_id).storage_accounts.get_properties(
                account.resource_group, account.name
            )
    except AzureAbsent:
        return StorageAccountState(id=account.id, state=ProvisioningState.ABSENT)
    properties = found.properties
    state = resource_state(account.id, properties.provisioning_state if properties else None)
    endpoints = properties.primary_endpoints if properties else None
    return StorageAccountState(**state.model_dump(), blob_endpoint=endpoints.blob if endpoints else None)


async def put_container(azure: AzureClients, container: BlobContainer) -> ResourceState:
    """Create the container without public access, or leave it as it is."""
    account = container.account
    body = models.BlobContainer({"properties": {"publicAccess": "None"}})
    async with azure_call(f"create container {container.name} in {account.name}"):
        await azure.storage(account.subscription_id).blob_containers.create(
            account.resource_group, account.name, container.name, body
        )
    return ResourceState(id=container.id, state=ProvisioningState.SUCCEEDED)


async def list_blob_endpoints(azure: AzureClients, subscription_id: str, resource_group: str) -> tuple[str, ...]:
    """Return the blob endpoints of the group's storage accounts; none where the group is not there."""
    try:
        async with azure_call(f"list storage accounts of {resource_group}"):
            accounts = azure.storage(subscription_id).storage_accounts.list_by_resource_group(resource_group)
            found = [account.properties async for account in accounts]
    except AzureAbsent:
        return ()
    return tuple(
        properties.primary_endpoints.blob
        for properties in found
        if properties and properties.primary_endpoints and properties.primary_endpoints.blob
    )


async def find_location(azure: AzureClients, account: StorageAccount) -> str | None:
    """Return where the account is, or None where its resource group has none of this name."""
    try:
        async with azure_call(f"read storage account {account.name}"):
            found = await azure.storage(account.subscription_id).storage_accounts.get_properties(
                account.resource_group, account.name
            )
    except AzureAbsent:
        return None
    return region_name(found.location)


async def why_name_is_taken(azure: AzureClients, account: StorageAccount) -> str | None:
    """Return in Azure's words why no account can have this name, or None if it is free; names are unique in Azure."""
    async with azure_call(f"check the name {account.name}"):
        answer = await azure.storage(account.subscription_id).storage_accounts.check_name_availability(
            {"name": account.name, "type": "Microsoft.Storage/storageAccounts"}
        )
    return None if answer.name_available is not False else answer.message or "It is taken."


async def container_is_there(azure: AzureClients, container: BlobContainer) -> bool:
    """Say whether the container exists."""
    account = container.account
    try:
        async with azure_call(f"read container {container.name} of {account.name}"):
            await azure.storage(account.subscription_id).blob_containers.get(
                account.resource_group, account.name, container.name
            )
    except AzureAbsent:
        return False
    return True
