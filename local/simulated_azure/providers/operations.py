"""The addresses of asynchronous operations, of all providers."""

from local.simulated_azure.arm.messages import ArmRequest, ArmResponse
from local.simulated_azure.arm.routing import Route
from local.simulated_azure.azure import Azure

# The last part but one of an operation's path differs by provider.
KINDS = ["operations", "capsOperations", "asyncoperations"]
LOCATION = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"


async def read_operation(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Status or result, by the kind of address."""
    return azure.operations.read(request)


ROUTES = [Route("GET", f"{LOCATION}/{kind}/{{operation}}", read_operation) for kind in KINDS] + [
    Route("GET", "/subscriptions/{subscription}/operationresults/{operation}", read_operation),
]
