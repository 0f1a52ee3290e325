"""Files as people publish them; skipped where the collection is not at hand (IMAGE_BAKERY_CORPUS leads to it)."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configuration.checking.json_with_comments import Node, Place, Unreadable, read_json
from configuration.reading import ConfigurationReading, read_configuration

CORPUS = Path(os.environ.get("IMAGE_BAKERY_CORPUS", Path(__file__).parents[2] / "../shared/corpus"))
PARAMETERS = CORPUS / "parameters"
TEMPLATES = CORPUS / "templates"
IT = "parameters.itParam.value"

pytestmark = pytest.mark.skipif(not PARAMETERS.is_dir(), reason=f"there are no published files in {CORPUS}")

OTHER_SHAPES = [
    file.name for file in sorted(PARAMETERS.glob("*.json")) if file.name[:2] not in {"12", "13", "15", "16"}
]


def published(prefix: str) -> Path:
    return next(PARAMETERS.glob(f"{prefix}-*.json"))


def read(
    tmp_path: Path, infrastructure: Path | bytes, template: Path | bytes, os_type: str = "Linux"
) -> ConfigurationReading:
    parameters, customization = tmp_path / "parameters", tmp_path / "customization"
    parameters.mkdir()
    (customization / "linux").mkdir(parents=True)
    for script in ("LinuxInstallPowerShell.sh", "LinuxPrepareMachine.ps1"):
        (customization / "linux" / script).write_text("true\n")
    pipeline = {
        "environments": [
            {"name": "sbx", "subscriptionId": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "location": "westeurope"}
        ],
        "images": [{"name": "image", "osType": os_type}],
    }
    (parameters / "pipeline.json").write_text(json.dumps(pipeline))
    for name, source in (("imageInfra", infrastructure), ("imageTemplate", template)):
        target = parameters / f"sbx.{name}.parameters.json"
        if isinstance(source, bytes):
            target.write_bytes(source)
        else:
            shutil.copy(source, target)
    return read_configuration(parameters, customization)


def test_files_that_fit_each_other_are_used_as_they_are(tmp_path: Path) -> None:
    reading = read(tmp_path, published("12"), published("15"))
    assert reading.faults == ()
    assert [remark.path for remark in reading.remarks] == [
        "parameters.msiRoleAssignmentParam.value.roleDefinitionIdOrName",
        f"{IT}.customizationSteps[1].inline[0]",
        f"{IT}.userAssignedIdentities",
    ]
    plan = reading.stage_plan("sbx", "image")
    assert plan
    assert [step["type"] for step in plan.image_template.properties["customize"]] == ["Shell", "File", "Shell"]
    assert [script.source_file for script in plan.image_template.scripts] == [
        "linux/LinuxInstallPowerShell.sh",
        "linux/LinuxPrepareMachine.ps1",
    ]


def test_the_one_placeholder_in_a_value_is_the_one_fault(tmp_path: Path) -> None:
    (fault,) = read(tmp_path, published("13"), published("16")).faults
    assert (fault.path, fault.line) == (f"{IT}.sigImageDefinitionId", 43)
    assert "<YourSubscriptionID>" in fault.problem


def test_files_whose_storage_accounts_differ_disagree(tmp_path: Path) -> None:
    faults = read(tmp_path, published("12"), published("16")).faults
    assert [fault.path for fault in faults if "storage account" in fault.problem] == [
        f"{IT}.customizationSteps[0].scriptUri",
        f"{IT}.customizationSteps[1].inline[0]",
    ]


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_a_file_of_another_shape_gets_one_whole_report(tmp_path: Path, name: str) -> None:
    node = read_json((PARAMETERS / name).read_bytes())
    assert isinstance(node, Node)
    paths = {fault.path for fault in read(tmp_path, published("12"), PARAMETERS / name).faults}
    unknown = {f"parameters.{key}" for key in node.data["parameters"] if key != "location"}
    assert {"parameters.rgParam", "parameters.itParam", *unknown} <= paths
    assert set(left_to_fill_in(node.data["parameters"], "parameters")) <= paths


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_a_file_of_another_shape_is_no_infrastructure_either(tmp_path: Path, name: str) -> None:
    node = read_json((PARAMETERS / name).read_bytes())
    assert isinstance(node, Node)
    faults = read(tmp_path, PARAMETERS / name, published("15")).faults
    paths = {fault.path for fault in faults if fault.file == "sbx.imageInfra.parameters.json"}
    missing = {f"parameters.{key}" for key in ("rgParam", "msiParam", "saParam", "acgParam")}
    assert missing | {f"parameters.{key}" for key in node.data["parameters"] if key != "location"} <= paths


def left_to_fill_in(value: Any, path: str) -> Iterator[str]:
    """Return where a placeholder is left, but for commands and tags."""
    if isinstance(value, str) and re.search("<.+>", value):
        yield path
    members = {f".{key}": member for key, member in value.items()} if isinstance(value, dict) else {}
    items = {f"[{index}]": item for index, item in enumerate(value)} if isinstance(value, list) else {}
    for part, child in (members | items).items():
        if part not in {".inline", ".tags"}:
            yield from left_to_fill_in(child, path + part)


@pytest.mark.parametrize(
    ("prefix", "renamed", "placeholders", "unknown"),
    [
        ("01", {"imageTemplateName": "name"}, set[str](), {"lockForDeletion"}),
        ("03", {"imageTemplateName": "name"}, {"<<subscriptionId>>", "<<principalId1>>"}, set[str]()),
        (
            "09",
            {},
            {
                "<enableDefaultTelemetry>",
                "<managedIdentityPrincipalId>",
                "<managedIdentityResourceId>",
                "<sigImageDefinitionId>",
                "<sigImageVersion>",
                "<stagingResourceGroup>",
                "<subnetId>",
                "<userMsiName>",
                "<userMsiResourceGroup>",
            },
            {"enableDefaultTelemetry", "sigImageVersion"},
        ),
        ("24", {"imageTemplateName": "name"}, set[str](), {"lockForDeletion"}),
    ],
)
def test_flat_values_are_valid_under_it_param(
    tmp_path: Path, prefix: str, renamed: dict[str, str], placeholders: set[str], unknown: set[str]
) -> None:
    node = read_json(published(prefix).read_bytes())
    assert isinstance(node, Node)
    values = {renamed.get(key, key): parameter["value"] for key, parameter in node.data["parameters"].items()}
    wrapped = {"rgParam": {"value": {"name": "agents-vmss-rg"}}, "itParam": {"value": values}}
    windows = published("12").read_bytes().replace(b'"Linux"', b'"Windows"')
    faults = read(tmp_path, windows, json.dumps({"parameters": wrapped}).encode(), "Windows").faults
    found = {word for word in placeholders if any(f"placeholder {word} " in fault.problem for fault in faults)}
    assert found == placeholders
    others = [fault for fault in faults if "placeholder" not in fault.problem and not is_disagreement(fault.problem)]
    assert {fault.path for fault in others} == {f"{IT}.{key}" for key in unknown}


def is_disagreement(problem: str) -> bool:
    """Say whether a problem is only that the files do not belong together."""
    return any(words in problem for words in ("infrastructure's file", "the environment", "the gallery has no"))


def test_recommended_sizes_are_not_bounded_by_the_old_defaults(tmp_path: Path) -> None:
    node = read_json(published("26").read_bytes())
    assert isinstance(node, Node)
    values: dict[str, Any] = {key: parameter["value"] for key, parameter in node.data["parameters"].items()}
    definition = {key: value for key, value in values.items() if key not in {"location", "galleryName"}}
    definition["name"] = definition.pop("imageDefinitionName")
    text = published("12").read_text()
    start, end = text.index('"images"'), text.index("// Windows Example")
    infrastructure = f'{text[:start]}"images": [{json.dumps(definition)}]\n{text[end:]}'
    faults = read(tmp_path, infrastructure.encode(), published("15")).faults
    assert not [fault for fault in faults if fault.file == "sbx.imageInfra.parameters.json"]


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.json")), ids=lambda file: file.name)
def test_every_published_template_can_be_read_or_is_refused_with_its_place(file: Path) -> None:
    node = read_json(file.read_bytes())
    broken = {"52": Place(26, 9), "79": Place(41, 1)}
    if file.name[:2] in broken:
        assert isinstance(node, Unreadable)
        assert node.place
        assert node.place.line == broken[file.name[:2]].line
    else:
        assert isinstance(node, Node), node
