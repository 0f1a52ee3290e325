"""Several images in one environment, of both systems, built at the same time: none touches what is another's."""

import json

import pytest

from local.stack import APP_FOLDER, StackOptions, local_stack
from tests.whole_app.driving import SAMPLE_SUBSCRIPTION, Bakery, eventually

# Each name is the beginning of the next one: of image, image definition and image templates alike.
SYSTEMS = {"desk": "Windows", "desk2": "Linux", "desk21": "Linux"}
ASKED_FOR = {"desk": {"osType": "Windows"}, "desk2": {"image": "desk2"}, "desk21": {"image": "desk21"}}
GROUP = f"/subscriptions/{SAMPLE_SUBSCRIPTION}/resourceGroups/rg-image-bakery-sbx"
DEFINITIONS = f"{GROUP}/providers/Microsoft.Compute/galleries/gal_image_bakery_sbx/images"
# Seconds; within the time-outs of the samples.
LONG_BUILD = 1800


def write_images(folder):
    """Make parameter files for these images from the samples, each with an image definition of its own."""
    environment = {"name": "sbx", "subscriptionId": SAMPLE_SUBSCRIPTION, "location": "westeurope"}
    images = [{"name": name, "osType": system} for name, system in SYSTEMS.items()]
    (folder / "pipeline.json").write_text(json.dumps({"environments": [environment], "images": images}))
    samples = APP_FOLDER / "parameters"
    definitions = ""
    for name, system in SYSTEMS.items():
        definition = {"name": name, "osType": system, "publisher": "us", "offer": name, "sku": system}
        definitions += json.dumps({**definition, "hyperVGeneration": "V2", "securityType": "TrustedLaunchSupported"})
        definitions += ","
        template = (samples / f"sbx.imageTemplate.{system.lower()}.parameters.json").read_text()
        named = f'"name": "it-{name}", "sigImageDefinitionId": "{DEFINITIONS}/{name}"'
        template = template.replace(f'"name": "it-{system.lower()}"', named)
        (folder / f"sbx.imageTemplate.{name}.parameters.json").write_text(template)
    infrastructure = (samples / "sbx.imageInfra.parameters.json").read_text()
    infrastructure = infrastructure.replace('"images": [', f'"images": [{definitions}')
    (folder / "sbx.imageInfra.parameters.json").write_text(infrastructure)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    parameters = tmp_path_factory.mktemp("several")
    write_images(parameters)
    options = StackOptions(build_seconds=LONG_BUILD, parameters=parameters)
    with (
        local_stack(tmp_path_factory.mktemp("stack"), options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        yield driver


def build_of(run):
    return run["stages"][0]["build"] if run["stages"] else None


def built_at_once(bakery, **options):
    """Start all images, see all builds running at one moment, let them end; return the runs by image."""
    ids = {image: bakery.start(**asked, **options) for image, asked in ASKED_FOR.items()}

    def builds():
        return [build_of(bakery.run(run_id)) for run_id in ids.values()]

    eventually(builds, lambda found: all(build and build["runState"] == "Running" for build in found), 60)
    bakery.simulation.post("/clock", json={"advanceSeconds": LONG_BUILD}).raise_for_status()
    return {image: bakery.ended(run_id) for image, run_id in ids.items()}


def result_of(run):
    assert run["state"] == "Succeeded", json.dumps(run)
    return run["stages"][0]["result"]


def test_images_of_different_systems_are_built_at_once_and_each_run_removes_only_its_own_templates(several):
    first = built_at_once(several, scope="all")
    assert several.requests("DELETE", "/imageTemplates/") == []
    second = built_at_once(several)
    assert [run["image"] for run in second.values()] == list(SYSTEMS)
    for image, run in second.items():
        earlier = result_of(first[image])["templateName"]
        assert earlier.startswith(f"it-{image}-")
        assert [removed["name"] for removed in run["stages"][0]["removal"]["templates"]] == [earlier]
        versions = [result_of(each[image])["imageVersionId"] for each in (first, second)]
        assert [version.partition("/images/")[2] for version in versions] == [
            f"{image}/versions/1.0.0",
            f"{image}/versions/1.0.1",
        ]
    deleted = [entry["url"].partition("?")[0].rpartition("/")[2] for entry in several.requests("DELETE")]
    assert sorted(deleted) == sorted(result_of(run)["templateName"] for run in first.values())
    left = several.azure(f"{GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates", "2024-02-01")["value"]
    assert sorted(one["name"] for one in left) == sorted(result_of(run)["templateName"] for run in second.values())


def test_a_system_that_several_images_are_for_is_not_enough(several):
    answer = several.api.post("/api/runs", json={"osType": "Linux"})
    assert answer.status_code == 400
    (fault,) = answer.json()["faults"]
    assert (fault["path"], fault["instead"]) == ("osType", '"image": one of desk2, desk21')
