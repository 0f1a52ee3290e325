"""Decides who may do what, where people sign in."""

from collections.abc import Collection
from typing import Final

from models.role import Role

# A function key is shared, mostly among programs: it can have a run started or ended, but no decision of a person
# hangs on it where persons can be told apart.
ROLES_OF_A_KEY: Final = frozenset({Role.OPERATOR})


def may(held: Collection[Role], needed: Role) -> bool:
    """Say whether the roles held suffice for what needs a role: whoever holds any role may read."""
    return needed in held or (needed is Role.READER and bool(held))
