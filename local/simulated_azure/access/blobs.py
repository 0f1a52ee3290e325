"""Whether a caller may do what it asks of blobs, where they belong to a storage account of a subscription."""

from starlette.requests import Request

from local.simulated_azure import tokens
from local.simulated_azure.access.decisions import may
from local.simulated_azure.arm.messages import ArmError
from local.simulated_azure.azure import Azure

ACCOUNT_TYPE = "Microsoft.Storage/storageAccounts"
BLOBS = f"{ACCOUNT_TYPE}/blobServices/containers/blobs"
VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "DELETE": "delete"}
CONTAINER_NAME = f"@Resource[{ACCOUNT_TYPE}/blobServices/containers:name]".lower()


def may_ask_of_blobs(azure: Azure, request: Request) -> bool:
    """Whether the token's principal has the data action. An account that is lent to none checks keys itself."""
    account, _, inside = request.url.path.strip("/").partition("/")
    borrower = azure.blobs.borrower(account)
    accounts = azure.resources.of_type(ACCOUNT_TYPE, "/subscriptions")
    found = next((one for one in accounts if one.name == borrower), None)
    try:
        principal_id = tokens.caller(request.headers.get("authorization", ""))
    except ArmError:
        return True  # Azurite refuses what is no token, and knows its own keys.
    if found is None or principal_id in azure.owners or request.method not in VERBS:
        return True
    container = inside.partition("/")[0]
    scope = f"{found.id}/blobServices/default/containers/{container}"
    attributes = {CONTAINER_NAME: container}
    return may(azure, principal_id, f"{BLOBS}/{VERBS[request.method]}", scope, on_data=True, attributes=attributes)
