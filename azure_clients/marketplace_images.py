"""Images of the Azure Marketplace (Microsoft.Compute/locations/publishers)."""

from azure_clients.azure_call import azure_call
from azure_clients.connection import AzureClients
from azure_clients.wire import plain_text
from models.errors import AzureAbsent
from models.source_image import MarketplaceImage, PurchasePlan, SourceImage
from policies.resources.security_types import security_types


async def find(azure: AzureClients, subscription_id: str, location: str, image: MarketplaceImage) -> SourceImage | None:
    """Read the facts of a marketplace image in a location, or None where Azure does not offer it there."""
    images = azure.compute(subscription_id).virtual_machine_images
    names = (location, image.publisher, image.offer, image.sku)
    operation = f"read marketplace image {image.urn}"
    try:
        async with azure_call(operation):
            version = image.version
            if version.lower() == "latest":
                newest = await images.list(*names, top=1, orderby="name desc")
                if not newest:
                    return None
                version = newest[0].name
            found = await images.get(*names, version)
    except AzureAbsent:
        return None
    properties = found.properties
    if properties is None:
        return SourceImage(version=version)
    features = [feature.value for feature in properties.features or [] if feature.name == "SecurityType"]
    plan = properties.plan
    return SourceImage(
        version=version,
        hyper_v_generation=plain_text(properties.hyper_v_generation),
        architecture=plain_text(properties.architecture),
        security_types=frozenset().union(*map(security_types, features)),
        plan=PurchasePlan(name=plan.name, product=plan.product, publisher=plan.publisher) if plan else None,
    )
