"""Access tokens in the form of Microsoft Entra ID: signed here, checked here, and taken by Azurite unchecked."""

import secrets
import time
from typing import Any

import jwt

from local.simulated_azure.arm.messages import ArmError

_KEY = secrets.token_bytes(32)
_LIFETIME_SECONDS = 24 * 3600


def issue(tenant_id: str, principal_id: str, client_id: str, resource: str) -> tuple[str, int]:
    """A token for `resource` and the second (Unix time) at which it expires. Real time: Azurite compares it."""
    now = int(time.time())
    expires = now + _LIFETIME_SECONDS
    claims = {
        "aud": resource.rstrip("/"),
        "iss": f"https://sts.windows.net/{tenant_id}/",
        "tid": tenant_id,
        "oid": principal_id,
        "sub": principal_id,
        "appid": client_id,
        "idtyp": "app",
        "iat": now,
        "nbf": now - 300,
        "exp": expires,
        "ver": "1.0",
    }
    return jwt.encode(claims, _KEY, algorithm="HS256"), expires


def caller(authorization: str) -> str:
    """Object id of the principal behind an `Authorization` header.

    Raises:
        ArmError: 401, for a token that is missing, foreign or expired.
    """
    challenge = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"'}
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ArmError(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            challenge,
        )
    try:
        claims: dict[str, Any] = jwt.decode(token, _KEY, algorithms=["HS256"], options={"verify_aud": False})
    except jwt.PyJWTError as fault:
        raise ArmError(401, "InvalidAuthenticationToken", f"The access token is invalid: {fault}.", challenge) from None
    return claims["oid"]
