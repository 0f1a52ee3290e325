"""The resource providers, one module each; together they are all that the simulated Azure answers."""

from local.simulated_azure.providers import (
    authorization,
    galleries,
    identities,
    operations,
    resource_groups,
    storage,
    subscriptions,
)

ROUTES = [
    *subscriptions.ROUTES,
    *operations.ROUTES,
    *resource_groups.ROUTES,
    *storage.ROUTES,
    *identities.ROUTES,
    *galleries.ROUTES,
    # Their routes begin with any scope, hence they come last.
    *authorization.ROUTES,
]
