"""Resource providers of a subscription, and the regions that they tell (Microsoft.Resources/providers)."""

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import region_name
from models.subscription import ProviderReference, ProviderRegistration, SubscriptionProviders

REGISTERED = "registered"


async def list_all(azure: AzureClients, subscription_id: str) -> SubscriptionProviders:
    """Return all providers of a subscription."""
    unregistered: set[str] = set()
    regions: dict[str, frozenset[str]] = {}
    async with azure_call("list resource providers"):
        async for provider in azure.resources(subscription_id).providers.list():
            namespace = (provider.namespace or "").lower()
            if (provider.registration_state or "").lower() != REGISTERED:
                unregistered.add(namespace)
            for one in provider.resource_types or ():
                names = map(region_name, one.locations or ())
                regions[f"{namespace}/{(one.resource_type or '').lower()}"] = frozenset(names)
    return SubscriptionProviders(unregistered=frozenset(unregistered), regions=regions)


async def register(azure: AzureClients, provider: ProviderReference) -> ProviderRegistration:
    """Ask for the registration; Azure goes on after the answer."""
    async with azure_call(f"register resource provider {provider.namespace}"):
        found = await azure.resources(provider.subscription_id).providers.register(provider.namespace)
    return _registration(provider, found.registration_state)


async def get(azure: AzureClients, provider: ProviderReference) -> ProviderRegistration:
    """Read how far the registration is."""
    async with azure_call(f"read resource provider {provider.namespace}"):
        found = await azure.resources(provider.subscription_id).providers.get(provider.namespace)
    return _registration(provider, found.registration_state)


def _registration(provider: ProviderReference, state: str | None) -> ProviderRegistration:
    return ProviderRegistration(namespace=provider.namespace, registered=(state or "").lower() == REGISTERED)
