"""Tags of any resource (Microsoft.Resources/tags)."""

from azure.mgmt.resource.resources.models import Tags, TagsPatchResource

from azure_clients.azure_call import azure_call, refuse_detour
from azure_clients.connection import AzureClients
from policies.resources.resource_ids import parse_resource_id


async def merge(azure: AzureClients, resource_id: str, tags: dict[str, str]) -> None:
    """Add tags to those that a resource has; Azure may go on after the answer."""
    operation = f"tag {resource_id}"
    refuse_detour(operation, resource_id)
    subscription_id = parse_resource_id(resource_id)["subscriptions"]
    change = TagsPatchResource(operation="Merge", properties=Tags(tags=tags))
    async with azure_call(operation):
        await azure.resources(subscription_id).tags.begin_update_at_scope(resource_id, change, polling=False)
