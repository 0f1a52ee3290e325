import pytest

from models.role_grant import RoleGrant
from policies.access.role_coverage import lacking_roles
from policies.access.roles import roles_of_build, roles_of_image_builder, roles_to_give
from policies.resources.stage_resources import stage_resources
from tests.stage_plan import COMPUTE, SHARED, SUBSCRIPTION, stage_plan

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
ANYTHING = {"actions": ("*",)}


def needed_by(plan):
    return roles_of_build(plan)


def lacking_on_the_gallery(**grant):
    resources = stage_resources(stage_plan())
    needed = [role for role in needed_by(stage_plan()) if role.scope == resources.gallery.id]
    assert needed
    return bool(lacking_roles(needed, (RoleGrant(**grant),)))


@pytest.mark.parametrize(
    ("scope", "lacks"),
    [
        (f"{COMPUTE}/galleries/g", False),
        (f"{COMPUTE}/galleries/G/".replace("Microsoft.Compute", "microsoft.compute"), False),
        (GROUP, False),
        (f"/subscriptions/{SUBSCRIPTION}", False),
        ("/", False),
        ("/providers/Microsoft.Management/managementGroups/m", False),
        (f"{COMPUTE}/galleries/g/images/linux", False),
        (f"{COMPUTE}/galleries/g2", True),
        (f"{GROUP}2", True),
    ],
)
def test_what_is_given_above_or_within_a_scope_counts(scope, lacks):
    assert lacking_on_the_gallery(scope=scope, **ANYTHING) is lacks


@pytest.mark.parametrize(
    ("grant", "lacks"),
    [
        ({"actions": ("microsoft.compute/galleries/*/WRITE", "*/read")}, False),
        ({"actions": ("Microsoft.Compute/galleries/*/write",)}, True),
        ({"actions": ("Microsoft.Compute/*",)}, False),
        ({"actions": ("*/read",)}, True),
        ({"actions": ("*",), "not_actions": ("Microsoft.Compute/galleries/*",)}, True),
        ({"data_actions": ("*",)}, True),
        ({}, True),
    ],
)
def test_an_action_counts_as_azure_reads_it(grant, lacks):
    assert lacking_on_the_gallery(scope=GROUP, **grant) is lacks


def test_owners_of_everything_do_not_read_blobs():
    everything = (RoleGrant(scope="/", **ANYTHING),)
    (lacking,) = lacking_roles(needed_by(stage_plan()), everything)
    assert lacking.needed.use.reason == "It downloads the scripts."
    assert lacking.actions == lacking.needed.use.data_actions


def test_what_one_role_lacks_another_may_give():
    gallery = f"{COMPUTE}/galleries/g"
    grants = (RoleGrant(scope=gallery, actions=("*/read",)), RoleGrant(scope=gallery, actions=("*/versions/write",)))
    needed = [role for role in needed_by(stage_plan()) if role.scope == gallery]
    assert lacking_roles(needed, grants) == []
    (lacking,) = lacking_roles(needed, grants[:1])
    assert lacking.actions == ("Microsoft.Compute/galleries/images/versions/write",)


def test_nothing_is_lacking_for_certain_where_azure_did_not_tell():
    assert lacking_roles(needed_by(stage_plan()), None) == []


def test_a_build_needs_no_role_on_what_it_does_not_touch():
    plan = stage_plan(distribute=[{"type": "VHD", "runOutputName": "v"}])
    template = plan.image_template.model_copy(update={"scripts": (), "image_definition_id": None})
    assert needed_by(plan.model_copy(update={"image_template": template})) == []


def test_a_subnet_a_staging_group_and_managed_images_bring_roles_of_their_own():
    image = {"type": "ManagedImage", "imageId": f"{COMPUTE}/images/mine", "runOutputName": "m"}
    plan = stage_plan(
        vmProfile={"vnetConfig": {"subnetId": f"{NETWORK}/subnets/s"}},
        stagingResourceGroup=f"{GROUP}-staging",
        distribute=[SHARED, image, {**image, "imageId": f"{COMPUTE}/images/mine2", "runOutputName": "n"}],
    )
    assert [role.scope for role in roles_of_image_builder(plan)[2:]] == [NETWORK, f"{GROUP}-staging", GROUP]


OTHER = "00000000-0000-0000-0000-000000000009"
VERSION = "providers/Microsoft.Compute/galleries/{}/images/linux/versions/latest"


@pytest.mark.parametrize(
    ("source", "scope"),
    [
        (f"{GROUP}/{VERSION.format('golden')}", f"{COMPUTE}/galleries/golden"),
        (f"{GROUP}/{VERSION.format('G')}", None),
    ],
)
def test_a_source_in_another_gallery_brings_the_right_to_read_it(source, scope):
    plan = stage_plan(source={"type": "SharedImageVersion", "imageVersionId": source})
    read = [role.scope for role in roles_of_image_builder(plan) if role.use.role == "reader"]
    assert read == ([scope] if scope else [])


def test_a_stage_gives_roles_in_subscriptions_of_environments_alone():
    image_id = f"{COMPUTE}/images/golden".replace(SUBSCRIPTION, OTHER)
    plan = stage_plan(source={"type": "ManagedImage", "imageId": image_id})
    assert image_id in [role.scope for role in roles_of_build(plan)]
    assert image_id not in [role.scope for role in roles_to_give(plan)]
    among_ours = plan.model_copy(update={"subscription_ids": (SUBSCRIPTION, OTHER.upper())})
    assert image_id in [role.scope for role in roles_to_give(among_ours)]
