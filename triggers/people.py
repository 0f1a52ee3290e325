"""Tells who sends a request."""

import base64
import binascii
import json
from typing import Any

import azure.functions as func

from configuration.settings import Settings
from models.approval import Person

# App Service authentication passes the signed-in principal on in this header, and lets no caller set it.
PRINCIPAL = "X-MS-CLIENT-PRINCIPAL"
NAME_CLAIMS = (
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "name",
)
# The name in a record where nobody has signed in or said who he is.
NOBODY = "(not said)"


def who_asks(settings: Settings, request: func.HttpRequest, said: str | None) -> Person:
    """Return the signed-in principal where App Service authentication is on, else what the caller says of himself."""
    if settings.authentication_is_on:
        name = _signed_in(request.headers.get(PRINCIPAL, ""))
        if name is not None:
            return Person(name=name, verified=True)
    return Person(name=said or NOBODY, verified=False)


def _signed_in(header: str) -> str | None:
    """Return the name of the principal in the header (base64 of JSON with a list of claims), if there is one."""
    try:
        principal: Any = json.loads(base64.b64decode(header, validate=True))
        claims = {claim["typ"]: claim["val"] for claim in principal["claims"]}
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
    kinds = (*NAME_CLAIMS, principal.get("name_typ"))
    return next((claims[kind] for kind in kinds if isinstance(claims.get(kind), str)), None)
