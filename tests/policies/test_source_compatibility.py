import pytest

from models.configuration import ImageDefinition
from models.source_image import MarketplaceImage, PurchasePlan, SourceImage
from policies.source_compatibility import source_mismatches

IMAGE = MarketplaceImage(publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest")
SOURCE = SourceImage(
    version="24.04.1", hyper_v_generation="V2", architecture="x64", security_types=frozenset({"TrustedLaunch"})
)
DEFINITION = ImageDefinition(
    name="linux",
    os_type="Linux",
    hyper_v_generation="V2",
    architecture="x64",
    security_type="TrustedLaunchSupported",
    arm_properties={},
)
PLAN = PurchasePlan(name="cis", product="cis-ubuntu", publisher="center-for-internet-security")


def test_a_source_that_fits_has_no_mismatch():
    assert source_mismatches(IMAGE, SOURCE, DEFINITION, "westeurope") == []


@pytest.mark.parametrize(
    ("source", "definition", "words"),
    [
        ({"hyper_v_generation": "V1"}, {}, ("generation V1", "has V2")),
        ({"architecture": "Arm64"}, {}, ("architecture Arm64", "has x64")),
        ({"security_types": frozenset()}, {}, ("asks for TrustedLaunchSupported", "cannot do TrustedLaunch")),
        ({}, {"security_type": "ConfidentialVMSupported"}, ("cannot do ConfidentialVM",)),
        ({}, {"security_type": "TrustedLaunchAndConfidentialVMSupported"}, ("cannot do ConfidentialVM",)),
        ({"plan": PLAN}, {}, ("purchase plan",)),
        ({"plan": PLAN}, {"plan": PLAN.model_copy(update={"name": "other"})}, ("purchase plan",)),
    ],
)
def test_what_does_not_fit_is_named(source, definition, words):
    (mismatch,) = source_mismatches(
        IMAGE, SOURCE.model_copy(update=source), DEFINITION.model_copy(update=definition), "westeurope"
    )
    for word in words:
        assert word in mismatch.problem


@pytest.mark.parametrize(
    ("source", "definition"),
    [
        ({"hyper_v_generation": None, "architecture": None}, {}),
        ({"hyper_v_generation": "v2", "architecture": "X64"}, {}),
        ({"security_types": frozenset()}, {"security_type": None}),
        ({"security_types": frozenset()}, {"security_type": "Standard"}),
        ({"plan": PLAN}, {"plan": PLAN}),
    ],
)
def test_what_azure_does_not_tell_or_spells_otherwise_is_no_mismatch(source, definition):
    found = SOURCE.model_copy(update=source)
    assert source_mismatches(IMAGE, found, DEFINITION.model_copy(update=definition), "westeurope") == []


def test_a_source_that_azure_does_not_offer_is_named_with_the_command_that_lists_others():
    (mismatch,) = source_mismatches(IMAGE, None, DEFINITION, "westeurope")
    assert "Canonical:ubuntu-24_04-lts:server:latest" in mismatch.problem
    assert "az vm image list" in mismatch.instead


def test_all_that_does_not_fit_is_told_at_once():
    source = SOURCE.model_copy(update={"hyper_v_generation": "V1", "architecture": "Arm64"})
    assert len(source_mismatches(IMAGE, source, DEFINITION, "westeurope")) == 2
