import re
from typing import get_args

import pytest

from configuration.settings import Settings
from local.simulated_azure.access.conditions import Attempt, condition
from policies.access.rights import RIGHTS, CustomRole, RightsOfImageBuilder, RoleUse, role_in_place_of, role_name
from policies.checks.provider_registration import NEEDED_PROVIDERS

APP, IMAGE_BUILDER = RIGHTS.app, RIGHTS.image_builder
OF_BUILDER: list[RoleUse] = [getattr(IMAGE_BUILDER, name) for name in RightsOfImageBuilder.model_fields]
ON_ITS_OWN = [*APP.on_its_storage_account, APP.on_its_telemetry]
BY_DEPLOYMENT = [*APP.on_each_subscription, *ON_ITS_OWN, APP.on_sources_elsewhere, RIGHTS.uploaders]
ALL = [*BY_DEPLOYMENT, APP.on_scripts, *OF_BUILDER]
ROLES = {**RIGHTS.custom_roles, **RIGHTS.built_in_roles}
SENTENCE = re.compile(r"[A-Z].*\.")


def test_every_role_that_is_used_is_there_and_every_other_stands_in_for_one():
    stand_ins = {role.fallback for role in RIGHTS.custom_roles.values() if role.fallback}
    assert {use.role for use in ALL} | stand_ins == set(ROLES)
    assert stand_ins <= set(RIGHTS.built_in_roles)


def test_every_right_has_its_reason():
    reasons = [use.reason for use in ALL]
    reasons += [right.reason for role in RIGHTS.custom_roles.values() for right in (*role.actions, *role.data_actions)]
    assert [reason for reason in reasons if not SENTENCE.fullmatch(reason)] == []


@pytest.mark.parametrize("role", RIGHTS.custom_roles.values(), ids=RIGHTS.custom_roles)
def test_a_custom_role_names_each_action_once_and_none_by_a_pattern(role: CustomRole):
    actions = [right.action for right in (*role.actions, *role.data_actions)]
    assert len({action.lower() for action in actions}) == len(actions)
    assert [action for action in actions if "*" in action or not re.match(r"Microsoft\.\w+/", action)] == []


def test_the_app_may_register_what_a_stage_needs():
    registered = {
        right.action.removesuffix("/register/action")
        for right in RIGHTS.custom_roles["imageBakery"].actions
        if right.action.endswith("/register/action")
    }
    assert registered == set(NEEDED_PROVIDERS)


def test_the_app_may_give_what_a_stage_gives_and_contributor_only_where_the_deployment_says_so():
    assert {*APP.gives, *APP.gives_for_own_staging_groups} == {use.role for use in OF_BUILDER}
    assert APP.gives_for_own_staging_groups == (IMAGE_BUILDER.on_staging_group.role,)
    assert not {"contributor", "networkContributor"} & set(APP.gives)


def may(action: str, role: str, principal: str, kind: str = "ServicePrincipal") -> bool:
    """Whether the app may do so with a role of a principal; in the condition, names stand for GUIDs."""
    (administrator,) = [use for use in APP.on_each_subscription if "Administrator" in role_name(use.role)]
    text = re.sub("<(.*?)>", r"\1", "\n".join(administrator.condition).replace("<given>", ", ".join(APP.gives)))
    attributes = {"RoleDefinitionId": role, "PrincipalId": principal, "PrincipalType": kind}
    source = "request" if action == "write" else "resource"
    asked = {
        f"@{source}[microsoft.authorization/roleassignments:{name.lower()}]": attributes[name] for name in attributes
    }
    return condition(text)(Attempt(f"Microsoft.Authorization/roleAssignments/{action}", asked))


@pytest.mark.parametrize("role", ROLES)
def test_the_condition_admits_the_roles_that_the_app_gives_and_no_others(role: str):
    assert may("write", role, "another") is (role in APP.gives)
    assert may("write", role, "app") is (role == APP.on_scripts.role)
    assert not may("write", role, "another", "User")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("principal", ["app", "another"])
def test_the_condition_lets_the_app_take_no_role_from_anybody(role: str, principal: str):
    assert not may("delete", role, principal)
    assert may("read", role, principal)


def test_conditions_name_roles_and_the_app_alone():
    named = {name for use in ALL for name in re.findall("<(.*?)>", "".join(use.condition))}
    assert named <= {"app", "given", *ROLES}


def test_only_of_built_in_roles_is_it_said_what_is_needed():
    assert [use.role for use in ALL if use.role in RIGHTS.custom_roles and (use.actions or use.data_actions)] == []
    given = [use for use in (APP.on_scripts, *OF_BUILDER) if use.role in RIGHTS.built_in_roles]
    assert [use.role for use in given if not (use.actions or use.data_actions)] == []


def test_a_setting_names_each_custom_role_that_a_stage_gives():
    key, _ = get_args(Settings.model_fields["custom_roles"].annotation)
    assert set(get_args(key)) == {name for name, role in RIGHTS.custom_roles.items() if role.fallback}


def test_a_built_in_role_stands_in_for_one_that_was_not_deployed():
    assert role_in_place_of("imageVersionWriter", ()) == "contributor"
    assert role_in_place_of("imageVersionWriter", ["imageVersionWriter"]) == "imageVersionWriter"
    assert role_in_place_of("reader", ()) == "reader"
