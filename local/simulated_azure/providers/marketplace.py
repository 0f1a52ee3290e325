"""Marketplace images: publishers, offers, SKUs, versions (Microsoft.Compute)."""

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.routing import Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.galleries import NAMESPACE
from local.simulated_azure.providers.marketplace_images import MARKETPLACE_IMAGES, MarketplaceImage

PUBLISHERS = f"/subscriptions/{{subscription}}/providers/{NAMESPACE}/locations/{{location}}/publishers"
OFFERS = f"{PUBLISHERS}/{{publisher}}/artifacttypes/vmimage/offers"
SKUS = f"{OFFERS}/{{offer}}/skus"
VERSIONS = f"{SKUS}/{{sku}}/versions"


async def list_publishers(_: Azure, request: ArmRequest) -> ArmResponse:
    """All publishers."""
    return _named(request, [image.publisher for image in MARKETPLACE_IMAGES])


async def list_offers(_: Azure, request: ArmRequest) -> ArmResponse:
    """All offers of a publisher."""
    return _named(request, [image.offer for image in _images(request)])


async def list_skus(_: Azure, request: ArmRequest) -> ArmResponse:
    """All SKUs of an offer."""
    return _named(request, [image.sku for image in _images(request)])


async def list_versions(_: Azure, request: ArmRequest) -> ArmResponse:
    """All versions of a SKU; knows `$top`, `$orderby=name desc` and `$expand=properties`."""
    image = _images(request)[0]
    versions = sorted(image.versions, reverse="desc" in request.query.get("$orderby", ""))
    versions = versions[: int(request.query.get("$top", len(versions)))]
    expanded = request.query.get("$expand") == "properties"
    bodies = [
        _resource(request, version) | ({"properties": _properties(image)} if expanded else {}) for version in versions
    ]
    return ArmResponse(200, bodies)


async def get_version(_: Azure, request: ArmRequest) -> ArmResponse:
    """One version with what it is: system, generation, architecture, security type, purchase plan."""
    image, version = _images(request)[0], request.route["version"]
    if version not in image.versions:
        raise _not_found()
    body = {
        "location": request.route["location"],
        "name": version,
        "id": request.resource_id,
        "properties": _properties(image),
    }
    return ArmResponse(200, body)


def _images(request: ArmRequest) -> list[MarketplaceImage]:
    """The images that fit all names of the route; at least one."""
    wanted = {name: request.route[name].lower() for name in ("publisher", "offer", "sku") if name in request.route}
    found = [
        image
        for image in MARKETPLACE_IMAGES
        if all(getattr(image, name).lower() == value for name, value in wanted.items())
    ]
    if not found:
        raise _not_found()
    return found


def _not_found() -> ArmError:
    return ArmError(404, "NotFound", "Artifact: VMImage was not found.")


def _named(request: ArmRequest, names: list[str]) -> ArmResponse:
    return ArmResponse(200, [_resource(request, name) for name in dict.fromkeys(names)])


def _resource(request: ArmRequest, name: str) -> Json:
    return {"location": request.route["location"], "name": name, "id": f"{request.resource_id}/{name}"}


def _properties(image: MarketplaceImage) -> Json:
    features = [{"name": "SecurityType", "value": image.security_type}] if image.security_type else []
    return {
        "hyperVGeneration": image.generation,
        "architecture": image.architecture,
        "features": [*features, {"name": "IsAcceleratedNetworkSupported", "value": "True"}],
        "osDiskImage": {"operatingSystem": image.os, "sizeInGb": 30},
        "dataDiskImages": [],
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "imageDeprecationStatus": {"imageState": "Active"},
        **({"plan": image.plan} if image.plan else {}),
    }


ROUTES = [
    Route("GET", PUBLISHERS, list_publishers, NAMESPACE),
    Route("GET", OFFERS, list_offers, NAMESPACE),
    Route("GET", SKUS, list_skus, NAMESPACE),
    Route("GET", VERSIONS, list_versions, NAMESPACE),
    Route("GET", f"{VERSIONS}/{{version}}", get_version, NAMESPACE),
]
