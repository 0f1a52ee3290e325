"""Resource groups (Microsoft.Resources/resourceGroups)."""

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import region_name
from models.errors import AzureAbsent
from models.leftovers import StagingGroup
from models.resources import ProvisioningState, ResourceGroup, ResourceState

MADE_BY = "AzureVMImageBuilder"


async def put(azure: AzureClients, group: ResourceGroup) -> ResourceState:
    """Create the group, or leave it as it is; refused where it exists in another location."""
    async with azure_call(f"create resource group {group.name}"):
        created = await azure.resources(group.subscription_id).resource_groups.create_or_update(
            group.name, {"location": group.location}
        )
    return ResourceState(id=created.id or "", state=ProvisioningState.SUCCEEDED)


async def find_location(azure: AzureClients, subscription_id: str, name: str) -> str | None:
    """Return where a resource group is, or None where there is none."""
    try:
        async with azure_call(f"read resource group {name}"):
            found = await azure.resources(subscription_id).resource_groups.get(name)
    except AzureAbsent:
        return None
    return region_name(found.location)


async def list_staging(azure: AzureClients, subscription_id: str) -> tuple[StagingGroup, ...]:
    """Return the groups that Azure Image Builder made in a subscription, by the tags that it gives them."""
    async with azure_call(f"list resource groups of {subscription_id}"):
        found = [group async for group in azure.resources(subscription_id).resource_groups.list()]
    return tuple(
        StagingGroup(
            subscription_id=subscription_id,
            name=group.name or "",
            template_name=tags["imagetemplatename"],
            template_group=tags["imagetemplateresourcegroupname"],
        )
        for group in found
        if (tags := {name.lower(): value for name, value in (group.tags or {}).items()})
        and tags.get("createdby") == MADE_BY
        and {"imagetemplatename", "imagetemplateresourcegroupname"} <= tags.keys()
    )


async def list_contents(azure: AzureClients, subscription_id: str, name: str) -> tuple[str, ...]:
    """Return the names of the resources in a group; none where the group is not there."""
    try:
        async with azure_call(f"list resources of {name}"):
            found = [one async for one in azure.resources(subscription_id).resources.list_by_resource_group(name)]
    except AzureAbsent:
        return ()
    return tuple(one.name or "" for one in found)
