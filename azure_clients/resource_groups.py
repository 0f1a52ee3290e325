"""Resource groups (Microsoft.Resources/resourceGroups)."""

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.resources import ProvisioningState, ResourceGroup, ResourceState


async def put(azure: AzureClients, group: ResourceGroup) -> ResourceState:
    """Create the group, or leave it as it is; refused where it exists in another location."""
    async with azure_call(f"create resource group {group.name}"):
        created = await azure.resources(group.subscription_id).resource_groups.create_or_update(
            group.name, {"location": group.location}
        )
    return ResourceState(id=created.id or "", state=ProvisioningState.SUCCEEDED)
