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
# Names that a directory gives to one person alone. Whoever asks for a token without them has none.
NAMES_OF_PEOPLE = (
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
# A person who uses a program has its scopes in the token, and its name would be the program's.
SCOPES = frozenset({"scp", "http://schemas.microsoft.com/identity/claims/scope"})
# Of the person, or of the program that signs in for itself; the latter ones are this app's own numbers of them.
IDS = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "sub",
)
# A program that signs in for itself has no name: it is called by the id of its application, or its own.
NAMES_OF_PROGRAMS = ("azp", "appid", *IDS)
ROLE_CLAIMS = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
# The name in a record where nobody has signed in or said who he is.
NOBODY = "(not said)"
REFUSED = "You may not do this"


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who has signed in; of the roles those that this app knows."""

    name: str
    id: str | None
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
        return Person(name=principal.name, verified=True, id=principal.id)
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
        detail = (
            "The sign-in came without a name, or in a form that is none: a person's token needs the scope 'profile'."
        )
        raise RequestRefused(HTTPStatus.FORBIDDEN, REFUSED, detail) from None


def _from_claims(claims: Sequence[tuple[Any, Any]], told: Mapping[str, Any]) -> Principal:
    """Return the principal that claims tell of; `told` names the kinds that the identity provider itself uses.

    Raises ValueError where there is no name.
    """
    texts = {kind: value for kind, value in claims if isinstance(value, str) and value}
    names = NAMES_OF_PEOPLE if SCOPES & texts.keys() else (*NAMES_OF_PEOPLE, *NAMES_OF_PROGRAMS)
    name = _first(texts, names)
    if name is None:
        message = "no name"
        raise ValueError(message)
    kinds = (*ROLE_CLAIMS, told.get("role_typ"))
    roles = {value for kind, value in claims if kind in kinds}
    return Principal(name, _first(texts, IDS), frozenset(role for role in Role if role in roles))


def _first(texts: Mapping[str, str], kinds: Sequence[str]) -> str | None:
    return next((texts[kind] for kind in kinds if kind in texts), None)
