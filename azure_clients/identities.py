"""User-assigned managed identities (Microsoft.ManagedIdentity/userAssignedIdentities)."""

from azure.mgmt.msi.v2024_11_30.models import Identity

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from models.errors import AzureAbsent
from models.resources import IdentityState, ManagedIdentity, ProvisioningState


async def put(azure: AzureClients, identity: ManagedIdentity) -> IdentityState:
    """Create the identity, or leave it as it is; it is there when Azure answers."""
    async with azure_call(f"create identity {identity.name}"):
        created = await azure.identities(identity.subscription_id).user_assigned_identities.create_or_update(
            identity.resource_group, identity.name, Identity(location=identity.location)
        )
    return IdentityState(id=created.id or "", state=ProvisioningState.SUCCEEDED, principal_id=created.principal_id)


async def get(azure: AzureClients, identity: ManagedIdentity) -> IdentityState:
    """Read the identity; one that is not there is Absent."""
    try:
        async with azure_call(f"read identity {identity.name}"):
            found = await azure.identities(identity.subscription_id).user_assigned_identities.get(
                identity.resource_group, identity.name
            )
    except AzureAbsent:
        return IdentityState(id=identity.id, state=ProvisioningState.ABSENT)
    return IdentityState(id=identity.id, state=ProvisioningState.SUCCEEDED, principal_id=found.principal_id)
