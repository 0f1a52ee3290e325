import pytest

from models.role_grant import RoleGrant
from policies.role_coverage import lacking_roles
from policies.roles import roles_of_build, roles_of_image_builder
from policies.stage_resources import stage_resources
from tests.stage_plan import COMPUTE, SHARED, SUBSCRIPTION, stage_plan

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
ANYTHING = {"actions": ("*",)}


def needed_by(plan):
    return roles_of_build(stage_resources(plan), plan.image_template)


def lacking_on_the_gallery(**grant):
    resources = stage_resources(stage_plan())
    needed = [role for role in needed_by(stage_plan()) if role.scope == resources.gallery.id]
    assert needed
    return lacking_roles(needed, (RoleGrant(**grant),)) == needed


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
        ({"actions": ("microsoft.compute/galleries/images/VERSIONS/write",)}, False),
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
    assert [role.reason for role in lacking_roles(needed_by(stage_plan()), everything)] == ["It downloads the scripts."]


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
    roles = roles_of_image_builder(stage_resources(plan), plan.image_template)
    assert [role.scope for role in roles[2:]] == [NETWORK, f"{GROUP}-staging", GROUP]
