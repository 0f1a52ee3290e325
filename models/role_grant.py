"""What a principal may do."""

from models.message import Message


class RoleGrant(Message):
    """One set of permissions that a role assignment gives at a scope and below; `*` in an action stands for anything.

    Actions are on resources, data actions on what is in them, such as blobs.
    """

    scope: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
