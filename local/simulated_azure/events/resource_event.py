"""An event of the system topic, in Event Grid's own schema."""

from datetime import datetime

from local.simulated_azure.arm.messages import ArmRequest, Json
from local.simulated_azure.clock import timestamp
from local.simulated_azure.identifiers import new_guid

# By HTTP method: the middle of the event's type, and the end of the operation's name.
KINDS = {
    "PUT": ("Write", "write"),
    "PATCH": ("Write", "write"),
    "DELETE": ("Delete", "delete"),
    "POST": ("Action", "action"),
}
# By the status of an operation that has ended.
OUTCOMES = {"Succeeded": "Success", "Failed": "Failure", "Canceled": "Cancel"}


def resource_event(request: ArmRequest, status: str, tenant_id: str, now: datetime) -> Json:
    """The event that tells of a request's end, as `Succeeded`, `Failed` or `Canceled`.

    An action's event names the resource that it was asked of. What identifies the caller is made up, and short.
    """
    kind, verb = KINDS[request.method]
    resource_id, _, action = request.resource_id.rpartition("/") if kind == "Action" else (request.resource_id, "", "")
    namespace, resource_type = _type_of(resource_id)
    operation = "/".join(filter(None, (resource_type, action, verb)))
    guid = new_guid()
    return {
        "subject": resource_id,
        "eventType": f"Microsoft.Resources.Resource{kind}{OUTCOMES[status]}",
        "eventTime": timestamp(now),
        "id": guid,
        "data": {
            "authorization": {
                "scope": resource_id,
                "action": operation,
                "evidence": {"principalId": request.caller, "principalType": "ServicePrincipal"},
            },
            "claims": {
                "aud": "https://management.azure.com",
                "http://schemas.microsoft.com/identity/claims/objectidentifier": request.caller,
                "http://schemas.microsoft.com/identity/claims/tenantid": tenant_id,
                "ver": "1.0",
            },
            "correlationId": new_guid(),
            "httpRequest": {
                "clientRequestId": guid,
                "clientIpAddress": "127.0.0.1",
                "method": request.method,
                "url": f"{request.origin}{request.path}?api-version={request.api_version}",
            },
            "resourceProvider": namespace,
            "resourceUri": resource_id,
            "operationName": operation,
            "status": status,
            "subscriptionId": request.subscription_id,
            "tenantId": tenant_id,
        },
        "dataVersion": "2",
        "metadataVersion": "1",
        "topic": f"/subscriptions/{request.subscription_id}",
    }


def _type_of(resource_id: str) -> tuple[str, str]:
    """Namespace and full type of a resource, such as `Microsoft.Compute/galleries/images`."""
    _, provider, inside = resource_id.rpartition("/providers/")
    if not provider:
        levels = resource_id.strip("/").split("/")[::2]
        return "Microsoft.Resources", "/".join(("Microsoft.Resources", *levels))
    namespace, *levels = inside.split("/")
    return namespace, "/".join((namespace, *levels[::2]))
