"""The token endpoint of an App Service managed identity: `GET .../msi/token?resource=...&api-version=2019-08-01`."""

from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.simulated_azure import tokens
from local.simulated_azure.azure import Azure
from local.simulated_azure.troubles import Trouble, serve_in_trouble

PATH = "/msi/token"


class IdentityEndpoint:
    """The application; `secret` is the value that clients send as `X-IDENTITY-HEADER`."""

    def __init__(self, azure: Azure, secret: str) -> None:
        self._azure = azure
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        self._azure.requests.count("identity", request.method)
        trouble = self._azure.faults.trouble(request.url.path, request.method)
        await serve_in_trouble(trouble, (scope, receive, send), partial(self._answer, request), _trouble)

    async def _answer(self, request: Request) -> Response:
        if request.url.path != PATH:
            return _refusal(404, "there is nothing at this address")
        if request.headers.get("x-identity-header") != self._secret:
            return _refusal(401, "the header X-IDENTITY-HEADER is missing or wrong")
        resource = request.query_params.get("resource", "")
        if not resource or request.query_params.get("api-version") != "2019-08-01":
            return _refusal(400, "resource and api-version=2019-08-01 are needed")
        identity = _identity(self._azure, request.query_params.get("client_id", ""))
        if identity is None:
            return _refusal(400, "no managed identity with this client id is assigned")
        principal_id, client_id = identity
        access_token, expires = tokens.issue(self._azure.tenant_id, principal_id, client_id, resource)
        return JSONResponse(
            {
                "access_token": access_token,
                "client_id": client_id,
                "expires_on": str(expires),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


def _identity(azure: Azure, client_id: str) -> tuple[str, str] | None:
    """Principal and client id: the app's own without `client_id`, else a user-assigned identity's."""
    if client_id in {"", azure.app_client_id}:
        return azure.app_principal_id, azure.app_client_id
    identities = azure.resources.of_type("Microsoft.ManagedIdentity/userAssignedIdentities", "/subscriptions")
    found = (identity for identity in identities if identity.properties["clientId"] == client_id)
    return next(((identity.properties["principalId"], client_id) for identity in found), None)


def _trouble(trouble: Trouble) -> JSONResponse:
    return _refusal(trouble.status or 500, trouble.message)


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"statusCode": status, "message": message}, status_code=status)
