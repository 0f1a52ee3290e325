"""Decides which of the roles that a build needs its identity certainly lacks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from models.role_grant import RoleGrant
from policies.access.rights import actions_of, data_actions_of
from policies.access.roles import RoleNeeded

# Above every subscription.
MANAGEMENT_GROUPS = "/providers/microsoft.management/"


@dataclass(frozen=True)
class LackingRole:
    """A role in whose place no grant stands, and the actions that none allows."""

    needed: RoleNeeded
    actions: tuple[str, ...]


def lacking_roles(needed: Iterable[RoleNeeded], grants: tuple[RoleGrant, ...] | None) -> list[LackingRole]:
    """Return the roles of which something is not granted, whatever the role is called that grants the rest.

    None are certainly lacking where Azure did not tell the grants (None).
    What is given above the scope covers it; what is given within it (a subnet of the network, an image definition of
    the gallery) may be enough, and is taken for it, as is what holds under a condition.
    """
    if grants is None:
        return []
    lacking = (LackingRole(role, _not_granted(role, grants)) for role in needed)
    return [one for one in lacking if one.actions]


def _not_granted(role: RoleNeeded, grants: tuple[RoleGrant, ...]) -> tuple[str, ...]:
    here = [grant for grant in grants if _are_related(grant.scope, role.scope)]
    actions = [action for action in actions_of(role.use) if not any(_allows(grant, action) for grant in here)]
    data_actions = [
        action for action in data_actions_of(role.use) if not any(_allows_on_data(grant, action) for grant in here)
    ]
    return (*actions, *data_actions)


def _are_related(granted_at: str, scope: str) -> bool:
    here, there = f"{granted_at.rstrip('/')}/".lower(), f"{scope}/".lower()
    return there.startswith(here) or here.startswith((there, MANAGEMENT_GROUPS))


def _allows(grant: RoleGrant, action: str) -> bool:
    return _matches(grant.actions, action) and not _matches(grant.not_actions, action)


def _allows_on_data(grant: RoleGrant, action: str) -> bool:
    return _matches(grant.data_actions, action) and not _matches(grant.not_data_actions, action)


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) is not None for pattern in patterns
    )
