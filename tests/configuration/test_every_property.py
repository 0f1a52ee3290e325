"""Every property that the API of 2025-10-01 lets one write can be written, and reaches Azure as it is.

Skipped where the official type list is not at hand; AZURE_REST_API_SPECS leads to it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.configuration.conftest import DEFINITION_ID, SUBSCRIPTION, TEMPLATE, Folder, parameters, whole

SPECS = Path(os.environ.get("AZURE_REST_API_SPECS", Path(__file__).parents[2] / "../shared/specs"))
TYPES_FILE = SPECS / "bicep-types/imagebuilder-2025-10-01.json"
TYPES: list[dict[str, Any]] = json.loads(TYPES_FILE.read_text()) if TYPES_FILE.is_file() else []
READ_ONLY, REQUIRED = 2, 1

pytestmark = pytest.mark.skipif(not TYPES, reason=f"there is no list of the API's types in {TYPES_FILE}")

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-images"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/build"
IMAGE = f"{GROUP}/providers/Microsoft.Compute/images/image"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-build"
# A value of each kind of text that has a form.
TEXTS = {
    "containerInstanceSubnetId": SUBNET,
    "galleryImageId": DEFINITION_ID,
    "imageId": IMAGE,
    "imageVersionId": f"{DEFINITION_ID}/versions/1.2.3",
    "location": "westeurope",
    "proxyVmSize": "Standard_A1_v2",
    "replicationRegions": "westeurope",
    "restartTimeout": "10m",
    "scriptUri": "https://example.org/script",
    "sha256Checksum": "0123456789abcdef" * 4,
    "sourceUri": "https://example.org/file",
    "stagingResourceGroup": f"{GROUP}-staging",
    "subnetId": SUBNET,
    "uri": "https://example.org/disk.vhd",
    "userAssignedIdentities": IDENTITY,
    "version": "1.2.3",
    "vmSize": "Standard_D2s_v5",
}
WORDS = {"autoRun.state": "Disabled"}
NUMBERS = {"buildTimeoutInMinutes": 60, "sizeGB": 8}
# What Azure wants beside a property, by the property; the rules say more than the types.
COMPANIONS: dict[str, dict[str, Any]] = {
    "containerInstanceSubnetId": {"subnetId": SUBNET},
    "runAsSystem": {"runElevated": True},
    "sha256Checksum": {"scriptUri": TEXTS["scriptUri"]},
}
NEEDED_ANYWAY: dict[str, dict[str, Any]] = {
    "File": {"sourceUri": TEXTS["sourceUri"], "destination": "file"},
    "PlatformImage": {"publisher": "a", "offer": "b", "sku": "c", "version": "latest"},
    "PowerShell": {"inline": ["true"]},
    "Shell": {"inline": ["true"]},
    "ImageTemplatePropertiesOptimizeVmBoot": {"state": "Enabled"},
    "ImageTemplatePropertiesOptimizeWorkload": {"state": "Enabled"},
}
INSTEAD_OF = {"scriptUri": "inline", "sha256Checksum": "inline"}


def type_of(reference: dict[str, str]) -> dict[str, Any]:
    return TYPES[int(reference["$ref"].rpartition("/")[2])]


def examples(kind: dict[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    """Return values of a type, each with one optional property, named by it, beside what is needed."""
    match kind["$type"]:
        case "StringType":
            yield key, TEXTS.get(key, "text")
        case "IntegerType":
            yield key, NUMBERS.get(key, max(kind.get("minValue", 0), 1))
        case "BooleanType":
            yield key, True
        case "StringLiteralType":
            yield f"{key}={kind['value']}", kind["value"]
        case "UnionType":
            literals = [part["value"] for each in kind["elements"] if "value" in (part := type_of(each))]
            yield from ((f"{key}={word}", word) for word in literals)
        case "ArrayType":
            yield from ((name, [value]) for name, value in examples(type_of(kind["itemType"]), key))
        case "DiscriminatedObjectType":
            for element in kind["elements"].values():
                merged = type_of(element)
                properties = {**kind["baseProperties"], **merged["properties"]}
                yield from examples({**merged, "properties": properties}, key)
        case _:
            yield from objects(kind, key)


def objects(kind: dict[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    if "additionalProperties" in kind:
        yield key, {"team": "images"}
        return
    writable = {name: each for name, each in kind["properties"].items() if not each["flags"] & READ_ONLY}
    needed = {
        name: next(examples(type_of(each["type"]), name))[1]
        for name, each in writable.items()
        if each["flags"] & REQUIRED
    }
    needed |= NEEDED_ANYWAY.get(needed.get("type", kind["name"]), {})
    for name, each in writable.items():
        for label, value in examples(type_of(each["type"]), name):
            rest = {other: needed[other] for other in needed if other != INSTEAD_OF.get(name)}
            companions = {} if name == "sha256Checksum" and "sourceUri" in needed else COMPANIONS.get(name, {})
            yield f"{key}[{needed.get('type', needed.get('scheme', ''))}].{label}", {**rest, **companions, name: value}


def properties_of_the_api() -> list[tuple[str, str, Any]]:
    """Return each way to write one property of the whole: the top-level key, a name for the case, and the value."""
    kind = next((each for each in TYPES if each.get("name") == "ImageTemplateProperties"), {"properties": {}})
    return [
        (key, label, value)
        for key, each in kind["properties"].items()
        if not each["flags"] & READ_ONLY
        for label, value in examples(type_of(each["type"]), key)
    ]


CASES = [case for case in properties_of_the_api() if case[2] != {"state": "Enabled"} or case[0] != "autoRun"]


# What the parts of the properties are called in `itParam`, where it has another name for them.
PARAMETERS = {"source": "imageSource", "customize": "customizationSteps"}


@pytest.mark.parametrize("form", ["whole", "parameters"])
@pytest.mark.parametrize(("key", "value"), [(key, value) for key, _, value in CASES], ids=[case[1] for case in CASES])
def test_a_property_of_the_api_reaches_azure(folder: Folder, key: str, value: Any, form: str) -> None:
    text = json.dumps(value)
    os_type = "Windows" if '"PowerShell"' in text or '"Windows' in text else "Linux"
    folder.pipeline["images"][0]["osType"] = os_type
    definition_id = DEFINITION_ID if os_type == "Linux" else DEFINITION_ID.replace("images/linux", "images/win")
    properties = {
        **whole()["properties"],
        "distribute": [{"type": "SharedImage", "runOutputName": "o", "galleryImageId": definition_id}],
        key: value,
    }
    folder.files[TEMPLATE] = whole(properties=properties) if form == "whole" else as_parameters(properties)
    if "planInfo" in text:
        names = {"planName": "text", "productName": "text", "planPublisherName": "text"}
        folder.infrastructure["acgParam"]["value"]["images"][0].update(names)
    reading = folder.read()
    plan = reading.stage_plan("sbx", "linux")
    assert plan, reading.faults
    assert plan.image_template.properties[key] == value


def as_parameters(properties: dict[str, Any]) -> dict[str, Any]:
    machine = dict(properties.pop("vmProfile", {}))
    if "userAssignedIdentities" in machine:
        machine["vmUserAssignedIdentities"] = machine.pop("userAssignedIdentities")
    members = {PARAMETERS.get(key, key): value for key, value in properties.items()}
    return parameters(name="it-linux", userMsiName="id-images", **members, **machine)


def test_the_types_have_all_that_is_to_be_written() -> None:
    labels = {label for _, label, _ in CASES}
    for part in (
        "replicationMode=Shallow",
        "additionalDataDisks",
        "workload",
        "inVMValidations",
        "planInfo",
        "VHD].uri",
    ):
        assert any(part in label for label in labels), part
    assert len(CASES) > 100
