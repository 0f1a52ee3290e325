"""Translates the SDK's exceptions into ours, once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from azure.core.exceptions import (
    AzureError as SdkError,
)
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ResourceNotFoundError,
)

from models.errors import AzureAbsent, AzureError, AzureRefused, AzureUnavailable
from models.redaction import redacted
from policies.resources.resource_ids import leads_elsewhere

# Statuses and codes that another try can cure. The authorization ones are here because a role that was just given
# takes minutes to reach every service; the bound of the retries makes a right that is really missing surface. Those of
# tokens are here because a host's clock may be off, or a token end on its way.
PASSING_STATUSES = {408, 429, 500, 502, 503, 504}
PASSING_CODES = {
    "AnotherOperationInProgress",
    "AuthorizationFailed",
    "AuthorizationPermissionMismatch",
    "ExpiredAuthenticationToken",
    "InvalidAuthenticationToken",
    "LinkedAuthorizationFailed",
    "PrincipalNotFound",
    "RetryableError",
    "StorageAccountOperationInProgress",
}
# Where nothing can be absent or there: the subscription itself cannot be seen.
NO_PLACE = {"SubscriptionNotFound", "InvalidSubscriptionId"}


@asynccontextmanager
async def azure_call(operation: str) -> AsyncGenerator[None]:
    """Run a call to Azure; `operation` is a phrase such as `create gallery images`.

    Raises AzureAbsent, AzureRefused or AzureUnavailable.
    """
    try:
        yield
    except SdkError as error:
        # Not `from error`: what is logged would hold the SDK's own text, with the queries of its addresses.
        raise translate(operation, error) from None


def refuse_detour(operation: str, resource_id: str) -> None:
    """Raise AzureRefused where an id, which the SDK puts into an address as it stands, leads to something else.

    Names are checked as they are read. This is for what is changed at any scope, where a mistake would reach far.
    """
    if leads_elsewhere(resource_id):
        message = f"{resource_id!a} is no id of one resource: an address with it is that of something else."
        raise AzureRefused(operation, "InvalidScope", message)


def translate(operation: str, error: SdkError) -> AzureError:
    """Turn an exception of the SDK into the one of ours that says what can be done about it."""
    if not isinstance(error, HttpResponseError) or isinstance(error, DecodeError):
        return AzureUnavailable(operation, type(error).__name__, redacted(str(error)) or "no answer")
    code = error_code(error)
    message = redacted(error_message(error))
    if isinstance(error, ClientAuthenticationError) and error.status_code is None:
        return AzureUnavailable(operation, "AuthenticationFailed", message)
    if code in PASSING_CODES or error.status_code in PASSING_STATUSES or error.status_code is None:
        return AzureUnavailable(operation, code, message)
    is_absent = isinstance(error, ResourceNotFoundError) and code not in NO_PLACE
    kind = AzureAbsent if is_absent else AzureRefused
    return kind(operation, code, message)


def error_code(error: HttpResponseError) -> str:
    """Return Azure's error code: the storage service and Azure Resource Manager keep it in different places."""
    storage_code = getattr(error, "error_code", None)
    if storage_code:
        return str(getattr(storage_code, "value", storage_code))
    return (error.error.code if error.error else None) or f"HTTP {error.status_code}"


def error_message(error: HttpResponseError) -> str:
    """Return Azure's sentence, without the SDK's frame around it where there is one."""
    return (error.error.message if error.error else None) or str(error.message) or "(no message)"
