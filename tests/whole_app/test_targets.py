"""A build that publishes in several places at once, on the whole local stack."""

from tests.whole_app.driving import SAMPLE_SUBSCRIPTION, Bakery

TEMPLATE = "sbx.imageTemplate.linux.parameters.json"
DEFINITION_ID = (
    f"/subscriptions/{SAMPLE_SUBSCRIPTION}/resourceGroups/rg-image-bakery-sbx/providers/Microsoft.Compute"
    "/galleries/gal_image_bakery_sbx/images/linux-ubuntu-24-04"
)
TARGETS = {"sigImageDefinitionId": DEFINITION_ID, "managedImageName": "img-linux", "unManagedImageName": "vhd-linux"}


def test_one_build_makes_a_version_a_managed_image_and_a_vhd(bakery: Bakery, change):
    targets = "".join(f'"{key}": "{value}", ' for key, value in TARGETS.items())
    change(TEMPLATE, '"imageSource"', f'{targets}"imageSource"')
    run = bakery.ended(bakery.start(scope="all"))
    (stage,) = run["stages"]
    assert run["state"] == "Succeeded", stage["failure"]
    artifacts = {output["artifact"] for output in stage["result"]["outputs"]}
    assert stage["result"]["imageVersionId"] in artifacts
    assert [one for one in artifacts if one.endswith("/images/img-linux")]
    assert [one for one in artifacts if one.endswith(".vhd")]
    again = bakery.ended(bakery.start(scope="only-image"))
    assert again["state"] == "Succeeded", again["stages"][0]["failure"]
