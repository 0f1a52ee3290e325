"""The token endpoint of an App Service managed identity: `GET .../msi/token?resource=...&api-version=2019-08-01`."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.simulated_azure import tokens
from local.simulated_azure.azure import Azure

PATH = "/msi/token"


def identity_endpoint(azure: Azure, secret: str) -> Starlette:
    """The application; `secret` is the value that clients send as `X-IDENTITY-HEADER`."""

    async def token(request: Request) -> JSONResponse:
        if request.headers.get("x-identity-header") != secret:
            return _refusal(401, "the header X-IDENTITY-HEADER is missing or wrong")
        resource = request.query_params.get("resource", "")
        if not resource or request.query_params.get("api-version") != "2019-08-01":
            return _refusal(400, "resource and api-version=2019-08-01 are needed")
        identity = _identity(azure, request.query_params.get("client_id", ""))
        if identity is None:
            return _refusal(400, "no managed identity with this client id is assigned")
        principal_id, client_id = identity
        access_token, expires = tokens.issue(azure.tenant_id, principal_id, client_id, resource)
        return JSONResponse(
            {
                "access_token": access_token,
                "client_id": client_id,
                "expires_on": str(expires),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    return Starlette(routes=[Route(PATH, token)])


def _identity(azure: Azure, client_id: str) -> tuple[str, str] | None:
    """Principal and client id: the app's own without `client_id`, else a user-assigned identity's."""
    if client_id in {"", azure.app_client_id}:
        return azure.app_principal_id, azure.app_client_id
    identities = azure.resources.of_type("Microsoft.ManagedIdentity/userAssignedIdentities", "/subscriptions")
    found = (identity for identity in identities if identity.properties["clientId"] == client_id)
    return next(((identity.properties["principalId"], client_id) for identity in found), None)


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"statusCode": status, "message": message}, status_code=status)
