import pytest

from models.configuration import ImageDefinition
from models.source_image import (
    GalleryVersionSource,
    ManagedImageSource,
    MarketplaceImage,
    PurchasePlan,
    SourceImage,
)
from policies.resources.source_compatibility import image_source, is_version_of, plan_misfits, source_misfits

IMAGE = MarketplaceImage(publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest")
SOURCE = SourceImage(
    version="24.04.1", hyper_v_generation="V2", architecture="x64", security_types=frozenset({"TrustedLaunch"})
)
GROUP = "/subscriptions/s2/resourceGroups/g"
VERSION = GalleryVersionSource(
    image_version_id=f"{GROUP}/providers/Microsoft.Compute/galleries/x/images/d/versions/latest"
)
MANAGED = ManagedImageSource(image_id=f"{GROUP}/providers/Microsoft.Compute/images/golden")
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
    assert source_misfits(IMAGE, SOURCE, DEFINITION, "westeurope") == []


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
    (misfit,) = source_misfits(
        IMAGE, SOURCE.model_copy(update=source), DEFINITION.model_copy(update=definition), "westeurope"
    )
    for word in words:
        assert word in misfit.problem


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
    assert source_misfits(IMAGE, found, DEFINITION.model_copy(update=definition), "westeurope") == []


def test_a_source_that_azure_does_not_offer_is_named_with_the_command_that_lists_others():
    (misfit,) = source_misfits(IMAGE, None, DEFINITION, "westeurope")
    assert "Canonical:ubuntu-24_04-lts:server:latest" in misfit.problem
    assert "az vm image list" in misfit.instead


def test_all_that_does_not_fit_is_told_at_once():
    source = SOURCE.model_copy(update={"hyper_v_generation": "V1", "architecture": "Arm64"})
    assert len(source_misfits(IMAGE, source, DEFINITION, "westeurope")) == 2


@pytest.mark.parametrize(
    ("image", "member", "words", "command"),
    [
        (
            VERSION,
            "imageVersionId",
            "no version latest of d",
            "az sig image-version list --subscription s2 -g g -r x -i d",
        ),
        (MANAGED, "imageId", "no managed image golden", "az image list --subscription s2 -g g"),
    ],
)
def test_a_source_of_ones_own_that_is_not_there_is_named_too(image, member, words, command):
    (misfit,) = source_misfits(image, None, DEFINITION, "westeurope")
    assert misfit.path == ("source", member)
    assert words in misfit.problem
    assert command in misfit.instead


def test_what_a_managed_image_can_do_is_not_known_and_so_no_misfit():
    source = SourceImage(version="golden", hyper_v_generation="V2", security_types=None)
    assert source_misfits(MANAGED, source, DEFINITION, "westeurope") == []


@pytest.mark.parametrize(
    ("image", "regions", "words"),
    [
        (VERSION, {"northeurope", "eastus"}, "replicated to eastus, northeurope, and not to westeurope"),
        (VERSION, {"northeurope", "westeurope"}, None),
        (MANAGED, {"northeurope"}, "is in northeurope, and not in westeurope"),
        (MANAGED, {"westeurope"}, None),
    ],
)
def test_a_source_must_be_in_the_templates_region(image, regions, words):
    misfits = source_misfits(image, SOURCE.model_copy(update={"regions": frozenset(regions)}), DEFINITION, "westeurope")
    assert [words in misfit.problem and "westeurope" in misfit.instead for misfit in misfits] == [True] * bool(words)


@pytest.mark.parametrize(
    ("source", "noun"),
    [
        ({"type": "PlatformImage", **IMAGE.to_payload()}, IMAGE),
        ({"type": "SharedImageVersion", **VERSION.to_payload()}, VERSION),
        ({"type": "ManagedImage", **MANAGED.to_payload()}, MANAGED),
    ],
)
def test_a_source_is_read_by_its_type(source, noun):
    assert image_source(source) == noun


@pytest.mark.parametrize(
    ("image", "ids", "expected"),
    [
        (VERSION, {f"{GROUP}/providers/microsoft.compute/galleries/x/images/D"}, True),
        (VERSION, {f"{GROUP}/providers/Microsoft.Compute/galleries/x/images/d/versions/1.0.0"}, True),
        (VERSION, {f"{GROUP}/providers/Microsoft.Compute/galleries/x/images/d2"}, False),
        (VERSION, set(), False),
        (IMAGE, {f"{GROUP}/providers/Microsoft.Compute/galleries/x/images/d"}, False),
    ],
)
def test_a_source_is_a_version_of_its_definition_alone(image, ids, expected):
    assert is_version_of(image, frozenset(ids)) is expected


INFO = {"planName": "CIS", "planProduct": "cis-ubuntu", "planPublisher": "center-for-internet-security"}


@pytest.mark.parametrize(
    ("info", "plan", "instead"),
    [
        (None, None, None),
        (INFO, PLAN, None),
        (None, PLAN, '"planProduct": "cis-ubuntu"'),
        (INFO | {"planName": "other"}, PLAN, '"planName": "cis"'),
        (INFO, None, "leave planInfo out"),
    ],
)
def test_a_marketplace_source_names_the_purchase_plan_that_it_has(info, plan, instead):
    source = {"type": "PlatformImage"} | ({"planInfo": info} if info else {})
    misfits = plan_misfits(source, SOURCE.model_copy(update={"plan": plan}))
    assert [(misfit.path, instead in misfit.instead) for misfit in misfits] == (
        [(("source", "planInfo"), True)] if instead else []
    )
    assert plan_misfits({"type": "SharedImageVersion"}, SOURCE.model_copy(update={"plan": plan})) == []
