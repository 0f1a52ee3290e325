import pytest

from models.misfit import Part
from models.source_image import PurchasePlan
from models.subscription import SubscriptionProviders
from policies.checks.stage_misfits import (
    IMAGE_TEMPLATES,
    IMAGE_VERSIONS,
    account_misfits,
    container_misfits,
    gallery_misfits,
    group_misfits,
    missing_identity,
    region_misfits,
    staging_group_misfits,
    used_definition,
)
from tests.stage_plan import DEFINITION_ID, stage_plan
from tests.stage_plan import INFRASTRUCTURE as ANY_INFRASTRUCTURE
from tests.stage_plan import LINUX as ANY_LINUX

LINUX = ANY_LINUX.model_copy(
    update={
        "security_type": "TrustedLaunch",
        "arm_properties": {"identifier": {"publisher": "p", "offer": "o", "sku": "s"}},
    }
)
OTHER = LINUX.model_copy(update={"name": "other"})
INFRASTRUCTURE = ANY_INFRASTRUCTURE.model_copy(update={"image_definitions": (OTHER, LINUX)})


def plan_of(*distributors, definition="linux"):
    plan = stage_plan(INFRASTRUCTURE, distribute=list(distributors))
    definition_id = definition and DEFINITION_ID.replace("images/linux", f"images/{definition}")
    template = plan.image_template.model_copy(update={"image_definition_id": definition_id})
    return plan.model_copy(update={"image_template": template})


KNOWN = frozenset({"westeurope", "northeurope"})


@pytest.mark.parametrize(
    ("regions", "distributor", "places"),
    [
        ({}, {"replicationRegions": ["atlantis"]}, []),
        ({IMAGE_TEMPLATES: KNOWN, IMAGE_VERSIONS: KNOWN}, {"type": "VHD"}, []),
        ({IMAGE_TEMPLATES: KNOWN, IMAGE_VERSIONS: KNOWN}, {"replicationRegions": ["northeurope"]}, []),
        ({IMAGE_TEMPLATES: frozenset({"eastus"})}, {}, [(Part.ENVIRONMENT, ("location",))]),
        (
            {IMAGE_VERSIONS: KNOWN},
            {"replicationRegions": ["westeurope", "atlantis"]},
            [(Part.IMAGE_TEMPLATE, ("distribute", 0, "replicationRegions", 1))],
        ),
        (
            {IMAGE_VERSIONS: KNOWN},
            {"targetRegions": [{"name": "westeurop"}]},
            [(Part.IMAGE_TEMPLATE, ("distribute", 0, "targetRegions", 0, "name"))],
        ),
    ],
)
def test_regions_are_compared_with_those_that_azure_tells(regions, distributor, places):
    misfits = region_misfits(plan_of(distributor), SubscriptionProviders(regions=regions))
    assert [(misfit.part, misfit.path) for misfit in misfits] == places
    assert all(misfit.instead for misfit in misfits)


def test_a_region_that_is_nearly_right_is_put_right():
    regions = SubscriptionProviders(regions={IMAGE_VERSIONS: KNOWN})
    (misfit,) = region_misfits(plan_of({"replicationRegions": ["westeurop"]}), regions)
    assert "westeurope" in misfit.instead


@pytest.mark.parametrize(
    ("location", "deployed", "words"),
    [
        (None, True, None),
        (None, False, "is not there"),
        ("westeurope", True, None),
        ("westeurope", False, None),
        ("northeurope", True, "exists in northeurope"),
        ("northeurope", False, None),
    ],
)
def test_what_is_made_must_not_be_elsewhere_and_what_is_not_made_must_be_there(location, deployed, words):
    for misfits in (
        group_misfits(INFRASTRUCTURE, location, deployed=deployed),
        account_misfits(INFRASTRUCTURE, location, None, deployed=deployed),
    ):
        assert [words in misfit.problem for misfit in misfits] == ([True] if words else [])


@pytest.mark.parametrize(
    ("location", "deployed", "told"),
    [(None, True, True), ("westeurope", True, False), (None, False, False)],
)
def test_a_taken_name_counts_where_an_account_is_to_be_made(location, deployed, told):
    misfits = account_misfits(INFRASTRUCTURE, location, "It is taken.", deployed=deployed)
    assert any("It is taken." in misfit.problem for misfit in misfits) is told


def test_container_and_identity_must_be_there():
    assert container_misfits(INFRASTRUCTURE, is_there=True) == []
    (container,) = container_misfits(INFRASTRUCTURE, is_there=False)
    (identity,) = missing_identity(INFRASTRUCTURE, ())
    assert "aibscripts" in container.problem
    assert "msi" in identity.problem


def test_a_build_uses_the_definition_that_it_names_in_whatever_case():
    assert used_definition(plan_of(definition="LINUX")) == LINUX
    assert used_definition(plan_of(definition=None)) is None


@pytest.mark.parametrize(
    ("there", "deployed", "paths"),
    [
        (None, True, []),
        ((), True, []),
        (None, False, [("acgParam", "value", "name")]),
        ((), False, [("acgParam", "value", "images", 1, "name")]),
        ((LINUX, OTHER), True, []),
        ((LINUX,), False, []),
    ],
)
def test_gallery_and_definition_must_be_there_unless_they_are_made(there, deployed, paths):
    assert [misfit.path for misfit in gallery_misfits(plan_of(), there, deployed=deployed)] == paths


def test_a_build_that_publishes_nothing_needs_no_gallery():
    assert gallery_misfits(plan_of(definition=None), None, deployed=False) == []


@pytest.mark.parametrize(
    ("there", "key"),
    [
        ({"os_type": "Windows"}, "osType"),
        ({"hyper_v_generation": "V1"}, "hyperVGeneration"),
        ({"architecture": "Arm64"}, "architecture"),
        ({"security_type": None}, "securityType"),
        ({"plan": PurchasePlan(name="n", product="p", publisher="q")}, "planPublisherName"),
        ({"arm_properties": {"identifier": {"publisher": "p", "offer": "x", "sku": "s"}}}, "offer"),
    ],
)
@pytest.mark.parametrize("deployed", [True, False])
def test_what_a_definition_is_born_with_cannot_be_changed(there, key, deployed):
    found = LINUX.model_copy(update=there)
    misfits = gallery_misfits(plan_of(), (found,), deployed=deployed)
    assert misfits[-1].path == ("acgParam", "value", "images", 1, key)
    assert all("cannot be changed" in misfit.problem and misfit.instead for misfit in misfits)


def test_the_type_that_azure_gives_by_itself_is_no_change():
    asked = LINUX.model_copy(update={"security_type": None})
    plan = plan_of().model_copy(
        update={"infrastructure": INFRASTRUCTURE.model_copy(update={"image_definitions": (asked,)})}
    )
    given = LINUX.model_copy(update={"security_type": "TrustedLaunchSupported"})
    assert gallery_misfits(plan, (given,), deployed=True) == []
    assert len(gallery_misfits(plan, (LINUX,), deployed=True)) == 1


def test_names_that_differ_in_case_are_the_same():
    found = LINUX.model_copy(update={"name": "Linux", "security_type": "trustedlaunch"})
    assert gallery_misfits(plan_of(), (found,), deployed=True) == []


def test_only_definitions_that_a_stage_touches_are_compared():
    changed = OTHER.model_copy(update={"architecture": "Arm64"})
    assert gallery_misfits(plan_of(), (LINUX, changed), deployed=False) == []
    assert len(gallery_misfits(plan_of(), (LINUX, changed), deployed=True)) == 1


@pytest.mark.parametrize(
    ("location", "contents", "words"),
    [
        (None, (), ["no resource group own"]),
        ("westeurope", (), []),
        ("northeurope", ("vm",), ["is in northeurope", "not empty: vm"]),
    ],
)
def test_a_staging_group_is_there_near_and_empty(location, contents, words):
    misfits = list(staging_group_misfits(plan_of(), "own", location, contents))
    assert len(misfits) == len(words)
    for misfit, word in zip(misfits, words, strict=True):
        assert word in misfit.problem
