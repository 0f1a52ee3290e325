"""The rights of both identities: the roles, who has them where, and the reason beside each. All of it is `rights.json`.

The infrastructure deploys from the same file what the app cannot give itself.
"""

import json
from collections.abc import Iterable
from importlib.resources import files

from pydantic import ConfigDict

from models.message import Message


class _Data(Message):
    model_config = ConfigDict(extra="forbid")


class Right(_Data):
    """An action of Azure Resource Manager (or on data), and what needs it."""

    action: str
    reason: str


class CustomRole(_Data):
    """A role that the deployment defines; `fallback` is the built-in one that stands in where it was not."""

    name: str
    description: str
    fallback: str | None = None
    actions: tuple[Right, ...]
    data_actions: tuple[Right, ...] = ()


class BuiltInRole(_Data):
    """A role of Azure's own, by the GUID of its definition."""

    name: str
    id: str


class RoleUse(_Data):
    """A role at some kind of scope, why, and under which condition (lines of Azure's language for conditions).

    Of a built-in role, `actions` and `data_actions` are those that are needed of it; a custom one has no others.
    In the condition, `<role>` stands for the GUID of a role's definition, `<given>` for those of the roles that the app
    may give, `<app>` for the object id of the app.
    """

    role: str
    reason: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()


class RightsOfApp(_Data):
    """What the app has by its deployment, and `on_scripts`, what it gives itself on containers that it made.

    To others it may give the roles `gives`; those of `gives_for_own_staging_groups` only where the parameter
    `ownStagingGroups` of the deployment says so, for whoever may give Contributor can take over a subscription.
    """

    gives: tuple[str, ...]
    gives_for_own_staging_groups: tuple[str, ...]
    on_each_subscription: tuple[RoleUse, ...]
    on_its_storage_account: tuple[RoleUse, ...]
    on_its_telemetry: RoleUse
    on_sources_elsewhere: RoleUse
    on_scripts: RoleUse


class RightsOfImageBuilder(_Data):
    """What the app gives the identity of Azure Image Builder, each where a stage has such a thing."""

    on_scripts: RoleUse
    on_gallery: RoleUse
    on_network: RoleUse
    on_staging_group: RoleUse
    on_group_of_managed_image: RoleUse
    on_source_gallery: RoleUse
    on_source_image: RoleUse


class Rights(_Data):
    """The whole file; roles by the key that the rest of it and the code name them by.

    `uploaders` are people: what they have on the container of the uploads.
    """

    custom_roles: dict[str, CustomRole]
    built_in_roles: dict[str, BuiltInRole]
    app: RightsOfApp
    image_builder: RightsOfImageBuilder
    uploaders: RoleUse


RIGHTS = Rights.from_payload(json.loads(files("policies.access").joinpath("rights.json").read_text("utf-8")))


def actions_of(use: RoleUse) -> tuple[str, ...]:
    """Return the actions that are needed of the role."""
    return (*use.actions, *_actions(RIGHTS.custom_roles[use.role].actions if use.role in RIGHTS.custom_roles else ()))


def data_actions_of(use: RoleUse) -> tuple[str, ...]:
    """Return the actions on data that are needed of the role."""
    custom = RIGHTS.custom_roles.get(use.role)
    return (*use.data_actions, *_actions(custom.data_actions if custom else ()))


def role_in_place_of(role: str, deployed: Iterable[str]) -> str:
    """Return the key of the role to give: this one, or the built-in one that stands in for what was not deployed."""
    custom = RIGHTS.custom_roles.get(role)
    return role if custom is None or custom.fallback is None or role in deployed else custom.fallback


def role_name(role: str) -> str:
    """Return a role's name as Azure shows it."""
    return (RIGHTS.custom_roles.get(role) or RIGHTS.built_in_roles[role]).name


def _actions(rights: Iterable[Right]) -> tuple[str, ...]:
    return tuple(right.action for right in rights)
