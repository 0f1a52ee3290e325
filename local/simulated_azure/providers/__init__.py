"""The resource providers, one module each; together they are all that the simulated Azure answers."""

from local.simulated_azure.providers import (
    authorization,
    galleries,
    identities,
    image_versions,
    managed_images,
    marketplace,
    operations,
    resource_groups,
    storage,
    subscriptions,
)
from local.simulated_azure.providers.image_templates import routes as image_templates

ROUTES = [
    *subscriptions.ROUTES,
    *operations.ROUTES,
    *resource_groups.ROUTES,
    *storage.ROUTES,
    *identities.ROUTES,
    *galleries.ROUTES,
    *image_versions.ROUTES,
    *managed_images.ROUTES,
    *marketplace.ROUTES,
    *image_templates.ROUTES,
    # Their routes begin with any scope, hence they come last.
    *authorization.ROUTES,
]
