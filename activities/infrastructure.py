"""Infrastructure: what a stage needs in Azure before it can build."""

from azure_clients import galleries, identities, resource_groups, role_assignments, storage_accounts
from azure_clients.connection import AzureClients
from models.resources import (
    BlobContainer,
    Gallery,
    GalleryImageDefinition,
    IdentityState,
    ManagedIdentity,
    ResourceGroup,
    ResourceState,
    RoleAssignment,
    StorageAccount,
    StorageAccountState,
)


async def create_or_update_resource_group(azure: AzureClients, group: ResourceGroup) -> ResourceState:
    """Make sure that the resource group is there.

    Azure: PUT resourceGroups.
    Repeat: leaves the group as it is.
    """
    return await resource_groups.put(azure, group)


async def create_or_update_storage_account(azure: AzureClients, account: StorageAccount) -> StorageAccountState:
    """Ask for the storage account of the scripts.

    Azure: PUT Microsoft.Storage/storageAccounts, then GET.
    Repeat: sets the same properties again.
    """
    await storage_accounts.put(azure, account)
    return await storage_accounts.get(azure, account)


async def get_storage_account(azure: AzureClients, account: StorageAccount) -> StorageAccountState:
    """Read how far the storage account is.

    Azure: GET Microsoft.Storage/storageAccounts.
    Repeat: reads again.
    """
    return await storage_accounts.get(azure, account)


async def create_or_update_blob_container(azure: AzureClients, container: BlobContainer) -> ResourceState:
    """Make sure that the container of the scripts is there.

    Azure: PUT Microsoft.Storage/storageAccounts/blobServices/containers.
    Repeat: leaves the container and what it holds as they are.
    """
    return await storage_accounts.put_container(azure, container)


async def create_or_update_identity(azure: AzureClients, identity: ManagedIdentity) -> IdentityState:
    """Make sure that the identity of Azure Image Builder is there.

    Azure: PUT Microsoft.ManagedIdentity/userAssignedIdentities.
    Repeat: leaves the identity and its principal as they are.
    """
    return await identities.put(azure, identity)


async def create_or_update_role_assignment(azure: AzureClients, assignment: RoleAssignment) -> ResourceState:
    """Give a role; asks for another try while the principal is still unknown to the role service.

    Azure: PUT Microsoft.Authorization/roleAssignments, under a name that follows from scope, principal and role. Where
    the app may not, GET of those that are there: one that somebody else made is as good.
    Repeat: gives the same role under the same name.
    """
    return await role_assignments.put(azure, assignment)


async def create_or_update_gallery(azure: AzureClients, gallery: Gallery) -> ResourceState:
    """Ask for the compute gallery.

    Azure: PUT Microsoft.Compute/galleries, then GET.
    Repeat: sets the same properties again.
    """
    await galleries.put(azure, gallery)
    return await galleries.get(azure, gallery)


async def get_gallery(azure: AzureClients, gallery: Gallery) -> ResourceState:
    """Read how far the compute gallery is.

    Azure: GET Microsoft.Compute/galleries.
    Repeat: reads again.
    """
    return await galleries.get(azure, gallery)


async def create_or_update_image_definition(azure: AzureClients, definition: GalleryImageDefinition) -> ResourceState:
    """Ask for an image definition.

    Azure: PUT Microsoft.Compute/galleries/images, then GET.
    Repeat: sets the same properties again.
    """
    await galleries.put_image_definition(azure, definition)
    return await galleries.get_image_definition(azure, definition)


async def get_image_definition(azure: AzureClients, definition: GalleryImageDefinition) -> ResourceState:
    """Read how far an image definition is.

    Azure: GET Microsoft.Compute/galleries/images.
    Repeat: reads again.
    """
    return await galleries.get_image_definition(azure, definition)
