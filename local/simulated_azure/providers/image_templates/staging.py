"""The staging resource group of a template, with the storage account that holds the build's log."""

import hashlib

from local.simulated_azure.access.decisions import ASSIGNMENT_TYPE
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.azure import Azure
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.providers import storage
from local.simulated_azure.providers.resource_groups import create_group, remove_group

LONGEST_GROUP_NAME = 90


def create_staging(azure: Azure, template: Resource) -> None:
    """Make the group, unless the operator's own exists, and the storage account in it; note both in the template."""
    subscription, group = template.id.split("/")[2], template.id.split("/")[4]
    own: str | None = template.properties.get("stagingResourceGroup")
    name = f"IT_{group}_{template.name}"[: LONGEST_GROUP_NAME - 37] + f"_{new_guid()}"
    staging_id = own or f"/subscriptions/{subscription}/resourceGroups/{name}"
    tags = {
        "createdby": "AzureVMImageBuilder",
        "imageTemplateName": template.name,
        "imageTemplateResourceGroupName": group,
    }
    if azure.resources.find(staging_id) is None:
        body = {"location": template.body["location"], "tags": tags, "managedBy": template.id}
        create_group(azure, staging_id, body)
    account_id = f"{staging_id}/providers/{storage.TYPE}/{hashlib.sha256(staging_id.encode()).hexdigest()[:24]}"
    body = {"location": template.body["location"], "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "tags": tags}
    storage.create_account(azure, account_id, body, "Succeeded")
    template.properties["exactStagingResourceGroup"] = staging_id


def staging_account(azure: Azure, template: Resource) -> Resource | None:
    """The storage account, while it exists."""
    staging_id = template.properties.get("exactStagingResourceGroup")
    accounts = azure.resources.of_type(storage.TYPE, staging_id) if staging_id else []
    return accounts[0] if accounts else None


async def remove_staging(azure: Azure, template: Resource) -> None:
    """Delete the group that was made for the template; an own one is only emptied."""
    group = azure.resources.find(template.properties.get("exactStagingResourceGroup") or "")
    if group is None:
        return
    is_own = group.body.get("managedBy", "").lower() != template.id.lower()
    assigned = [
        one for one in azure.resources.of_type(ASSIGNMENT_TYPE, group.id) if one.properties["scope"] == group.id
    ]
    await remove_group(azure, group.id)
    for kept in [group, *assigned] if is_own else []:
        azure.resources.add(kept)
