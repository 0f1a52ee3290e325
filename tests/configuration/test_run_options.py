import json

import pytest

from configuration.run_options import read_run_options
from models.configuration import Environment, ImageSettings, PipelineConfiguration
from models.pipeline_run import Scope

ONE_IMAGE = PipelineConfiguration(
    environments=tuple(
        Environment(name=name, subscription_id="0" * 8, location="westeurope") for name in ("sbx", "dev", "prd")
    ),
    images=(ImageSettings(name="linux", os_type="Linux"),),
)
TWO_IMAGES = ONE_IMAGE.model_copy(
    update={"images": (*ONE_IMAGE.images, ImageSettings(name="windows", os_type="Windows"))}
)

THREE_IMAGES = ONE_IMAGE.model_copy(
    update={
        "images": (
            ImageSettings(name="agents", os_type="Linux"),
            *ONE_IMAGE.images,
            ImageSettings(name="desktop", os_type="Windows"),
        )
    }
)


def read(body, pipeline=ONE_IMAGE):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_run_options(content, pipeline)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xef\xbb\xbf{}", {}])
def test_nothing_asked_for_is_the_only_image_through_all_environments(body):
    options, faults = read(body)
    assert faults == []
    assert options is not None
    assert (options.image, options.environments, options.scope) == (
        "linux",
        ("sbx", "dev", "prd"),
        Scope.ONLY_ASSETS_AND_IMAGE,
    )


@pytest.mark.parametrize(
    ("body", "environments"),
    [
        ({"startEnvironment": "dev"}, ("dev", "prd")),
        ({"stopEnvironment": "sbx"}, ("sbx",)),
        ({"startEnvironment": "DEV", "stopEnvironment": "dev"}, ("dev",)),
    ],
)
def test_a_run_starts_and_stops_where_it_is_asked_to(body, environments):
    options, _ = read(body)
    assert options is not None
    assert options.environments == environments


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_can_be_asked_for_in_any_case(scope):
    options, _ = read({"scope": scope.value.title()})
    assert options is not None
    assert options.scope is scope


@pytest.mark.parametrize(
    ("label", "scope"),
    [
        ("All", Scope.ALL),
        ("Only removal", Scope.ONLY_REMOVAL),
        ("Only base", Scope.ONLY_INFRASTRUCTURE),
        ("Only infrastructure", Scope.ONLY_INFRASTRUCTURE),
        ("Only storage & image", Scope.ONLY_ASSETS_AND_IMAGE),
        ("only assets & IMAGE", Scope.ONLY_ASSETS_AND_IMAGE),
        ("Only image", Scope.ONLY_IMAGE),
    ],
)
def test_the_labels_of_earlier_pipelines_are_understood(label, scope):
    options, _ = read({"scope": label})
    assert options is not None
    assert options.scope is scope


@pytest.mark.parametrize(("body", "removes"), [({}, True), ({"removeImageTemplates": False}, False)])
def test_earlier_templates_are_removed_unless_it_is_switched_off(body, removes):
    options, _ = read(body)
    assert options is not None
    assert options.remove_image_templates is removes


@pytest.mark.parametrize("key", ["image", "osType"])
def test_an_image_is_asked_for_by_either_word(key):
    options, _ = read({key: "windows"}, TWO_IMAGES)
    assert options is not None
    assert options.image == "windows"


@pytest.mark.parametrize(
    ("body", "image"),
    [
        ({"osType": "Windows"}, "desktop"),
        ({"osType": "Linux"}, "linux"),
        ({"osType": "agents"}, "agents"),
        ({"image": "agents", "osType": "linux"}, "agents"),
    ],
)
def test_an_operating_system_stands_for_the_image_of_its_name_or_for_its_only_image(body, image):
    options, _ = read(body, THREE_IMAGES)
    assert options is not None
    assert options.image == image


def test_an_operating_system_of_several_images_is_not_enough():
    images = tuple(image for image in THREE_IMAGES.images if image.name != "linux")
    more = (*images, ImageSettings(name="servers", os_type="Linux"))
    _, (fault,) = read({"osType": "Linux"}, THREE_IMAGES.model_copy(update={"images": more}))
    assert (fault.path, fault.instead) == ("osType", '"image": one of agents, servers')


@pytest.mark.parametrize(
    ("body", "path", "instead"),
    [
        ({"imgae": "linux"}, "imgae", "image"),
        ({"Scope": "all"}, "Scope", "scope"),
        ({"image": "linx"}, "image", "linux"),
        ({"startEnvironment": "sxb"}, "startEnvironment", "sbx"),
        ({"startEnvironment": "prd", "stopEnvironment": "sbx"}, "stopEnvironment", "prd or a later one"),
        ({"scope": "everything"}, "scope", "one of all, "),
        ({"scope": 1}, "scope", '"1"'),
        ({"waitForImageBuild": "true"}, "waitForImageBuild", "true (without quotes)"),
        ({"osType": "windows", "image": "linux"}, "osType", "only image"),
        (b'{"image": "linux", "image": "linux"}', "image", "one of the two"),
    ],
)
def test_a_fault_names_the_option_and_what_to_write(body, path, instead):
    options, faults = read(body)
    assert options is None
    assert [(fault.file, fault.path) for fault in faults] == [("request body", path)]
    assert instead in faults[0].instead


def test_a_build_that_shall_not_be_waited_for_is_asked_for():
    options, _ = read({"waitForImageBuild": False})
    assert options is not None
    assert not options.wait_for_image_build


def test_an_image_must_be_named_where_there_are_several():
    _, (fault,) = read({}, TWO_IMAGES)
    assert fault.path == "image"
    assert "linux, windows" in fault.instead


def test_all_faults_are_told_at_once():
    _, faults = read({"image": "linx", "startEnvironment": "sxb", "scope": "al", "waitForImageBuild": 0})
    assert {fault.path for fault in faults} == {"image", "startEnvironment", "scope", "waitForImageBuild"}


@pytest.mark.parametrize("content", [b"{", b"[]", b'"linux"', b"null", b"{'image': 1}", b"\xff\xfe{\x00}\x00", b"{]"])
def test_what_is_no_json_object_is_one_fault(content):
    options, faults = read(content)
    assert options is None
    assert len(faults) == 1


def test_broken_json_has_a_line_and_a_column():
    _, (fault,) = read(b'{\n  "image": linux\n}')
    assert (fault.line, fault.column) == (2, 12)
