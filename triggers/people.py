"""Tells who sends a request, and refuses those who may not do what they ask."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import azure.functions as func

from configuration.settings import Settings
from models.approval import Person
from models.errors import RequestRefused
from models.role import Role
from policies.access.permissions import ROLES_OF_A_KEY, may

# App Service authentication passes the signed-in principal on in this header, and lets no caller set it.
PRINCIPAL = "X-MS-CLIENT-PRINCIPAL"
# A program that signs in has no name: it is called by the id of its application, or of its service principal.
NAME_CLAIMS = (
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "name",
    "azp",
    "appid",
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
)
ROLE_CLAIMS = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
# The name in a record where nobody has signed in or said who he is.
NOBODY = "(not said)"
REFUSED = "You may not do this"


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who has signed in; of the roles those that this app knows."""

    name: str
    roles: frozenset[Role]


def admission(needed: Role) -> Callable[[Settings, func.HttpRequest], None]:
    """Return the check that a request comes from someone who may do what needs the role.

    It counts where App Service authentication is on; the function key has been checked by the host in any case.
    """

    def admit(settings: Settings, request: func.HttpRequest) -> None:
        if not settings.authentication_is_on:
            return
        principal = _principal(request)
        if may(ROLES_OF_A_KEY if principal is None else principal.roles, needed):
            return
        if principal is None:
            detail = f"This needs the role {needed}, which no key has: sign in, for a person has to decide."
        else:
            detail = (
                f"This needs the role {needed}. Whoever administers the app's registration in Microsoft Entra ID "
                "assigns it."
            )
        raise RequestRefused(HTTPStatus.FORBIDDEN, REFUSED, detail)

    return admit


def who_asks(settings: Settings, request: func.HttpRequest, said: str | None) -> Person:
    """Return the signed-in principal where App Service authentication is on, else what the caller says of himself."""
    principal = _principal(request) if settings.authentication_is_on else None
    if principal is not None:
        return Person(name=principal.name, verified=True)
    return Person(name=said or NOBODY, verified=False)


def _principal(request: func.HttpRequest) -> Principal | None:
    """Return who has signed in, or None where nobody has; refused where that cannot be told."""
    header = request.headers.get(PRINCIPAL)
    if header is None:
        return None
    try:
        told: Any = json.loads(base64.b64decode(header, validate=True))
        claims = [(claim["typ"], claim["val"]) for claim in told["claims"]]
        return _from_claims(claims, told)
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        detail = "The sign-in came without a name, or in a form that is none."
        raise RequestRefused(HTTPStatus.FORBIDDEN, REFUSED, detail) from None


def _from_claims(claims: Sequence[tuple[Any, Any]], told: Mapping[str, Any]) -> Principal:
    """Return the principal that claims tell of; `told` names the kinds that the identity provider itself uses.

    Raises ValueError where there is no name.
    """
    names = {kind: value for kind, value in claims if isinstance(value, str) and value}
    name = next((names[kind] for kind in (*NAME_CLAIMS, told.get("name_typ")) if kind in names), None)
    if name is None:
        message = "no name"
        raise ValueError(message)
    kinds = (*ROLE_CLAIMS, told.get("role_typ"))
    roles = {value for kind, value in claims if kind in kinds}
    return Principal(name, frozenset(role for role in Role if role in roles))
