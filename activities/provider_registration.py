"""Registration of resource providers in a subscription."""

from azure_clients import providers
from azure_clients.connection import AzureClients
from models.subscription import ProviderReference, ProviderRegistration


async def start_provider_registration(azure: AzureClients, provider: ProviderReference) -> ProviderRegistration:
    """Ask for the registration of a resource provider; it takes minutes.

    Azure: POST Microsoft.Resources/providers/register.
    Repeat: leaves a registration that is on, or done, as it is.
    """
    return await providers.register(azure, provider)


async def get_provider_registration(azure: AzureClients, provider: ProviderReference) -> ProviderRegistration:
    """Read how far the registration is.

    Azure: GET Microsoft.Resources/providers.
    Repeat: reads again.
    """
    return await providers.get(azure, provider)
