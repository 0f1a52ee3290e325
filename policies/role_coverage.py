"""Decides which of the roles that a build needs its identity certainly lacks."""

import re
from collections.abc import Iterable

from models.role_grant import RoleGrant
from policies.roles import RoleNeeded

# Above every subscription.
MANAGEMENT_GROUPS = "/providers/microsoft.management/"


def lacking_roles(needed: Iterable[RoleNeeded], grants: tuple[RoleGrant, ...]) -> list[RoleNeeded]:
    """Return the roles in whose place no grant stands, whatever its role is called.

    What is given above the scope covers it; what is given within it (a subnet of the network, an image definition of
    the gallery) may be enough, and is taken for it, as is what holds under a condition.
    """
    return [
        role
        for role in needed
        if not any(_are_related(grant.scope, role.scope) and _allows(grant, role) for grant in grants)
    ]


def _are_related(granted_at: str, scope: str) -> bool:
    here, there = f"{granted_at.rstrip('/')}/".lower(), f"{scope}/".lower()
    return there.startswith(here) or here.startswith((there, MANAGEMENT_GROUPS))


def _allows(grant: RoleGrant, role: RoleNeeded) -> bool:
    allowed, excluded = (
        (grant.data_actions, grant.not_data_actions) if role.on_data else (grant.actions, grant.not_actions)
    )
    return _matches(allowed, role.action) and not _matches(excluded, role.action)


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) is not None for pattern in patterns
    )
