"""Image templates as people publish them: what each file must come to, and that it is a plan once it is mended.

Skipped where the collection is not at hand; IMAGE_BAKERY_CORPUS leads to it.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from configuration.reading import ConfigurationReading, read_configuration
from tests.configuration.published_verdicts import EXPECTED, Expected

CORPUS = Path(os.environ.get("IMAGE_BAKERY_CORPUS", Path(__file__).parents[2] / "../shared/corpus"))
TEMPLATES = CORPUS / "templates"
ALL_FILES = sorted(TEMPLATES.glob("*.json"), key=lambda file: file.name)
FILES = [file for file in ALL_FILES if file.name[:2] in EXPECTED]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
TEMPLATE = "sbx.imageTemplate.image.json"

pytestmark = pytest.mark.skipif(not FILES, reason=f"there are no published templates in {TEMPLATES}")


@dataclass(frozen=True)
class Surroundings:
    """An environment that a file fits, made from the names in it."""

    group: str
    location: str
    identity: str
    gallery: str
    definition: str
    os_type: str
    plan: dict[str, str]

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}"

    @property
    def identity_id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{self.identity}"


def surroundings_of(text: str) -> Surroundings:
    def first(pattern: str, default: str) -> str:
        found = re.search(pattern, text, re.IGNORECASE)
        return found[1] if found else default

    plan = {
        key: value
        for key, name in {"planName": "Name", "productName": "Product", "planPublisherName": "Publisher"}.items()
        if (value := first(rf'"plan{name}": "([^"]+)"', ""))
    }
    return Surroundings(
        group=first(
            r"resourceGroups/([\w.-]+)/providers/Microsoft\.(?:Compute/galleries|ManagedIdentity)/", "rg-images"
        ),
        location=first(r'"location": ?"([a-z]+[0-9]?)"', "westeurope"),
        identity=first(r"userAssignedIdentities/([\w-]+)", "id-images"),
        gallery=first(r"/galleries/([\w.]+)/", "gal"),
        definition=first(r"/galleries/[^/]+/images/([\w.-]+)", "definition"),
        os_type="Windows" if re.search("Windows", text) else "Linux",
        plan=plan,
    )


def read(folder: Path, content: bytes, around: Surroundings) -> ConfigurationReading:
    parameters = folder / "parameters"
    parameters.mkdir(exist_ok=True)
    definition = {
        "name": around.definition,
        "osType": around.os_type,
        "publisher": "we",
        "offer": "image",
        "sku": "lts",
        **around.plan,
    }
    values = {
        "rgParam": {"name": around.group},
        "msiParam": {"name": around.identity},
        "saParam": {"name": "stscripts"},
        "acgParam": {"name": around.gallery, "images": [definition]},
    }
    files: dict[str, Any] = {
        "pipeline.json": {
            "environments": [{"name": "sbx", "subscriptionId": SUBSCRIPTION, "location": around.location}],
            "images": [{"name": "image", "osType": around.os_type}],
        },
        "sbx.imageInfra.parameters.json": {"parameters": {key: {"value": value} for key, value in values.items()}},
    }
    for name, data in files.items():
        (parameters / name).write_text(json.dumps(data))
    (parameters / TEMPLATE).write_bytes(content)
    return read_configuration(parameters, folder)


def within_resource(path: str, *, is_deployment: bool) -> str:
    """Return a path of the file as the table has it."""
    if is_deployment:
        path = path.removeprefix("resources[0].") if path.startswith("resources[0].") else f"/{path}"
    long_key = re.fullmatch(r'(.*\[)"(/subscriptions/<[^>]+>)(/resourceGroups/<[^>]+>)?.*"\]', path)
    return f"{long_key[1]}{long_key[2]}{long_key[3] or ''}…]" if long_key else path


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_published_template_comes_to_its_verdict(tmp_path: Path, file: Path) -> None:
    wanted, content = EXPECTED[file.name[:2]], file.read_bytes()
    reading = read(tmp_path, content, surroundings_of(content.decode("utf-8-sig")))
    assert {fault.file for fault in reading.faults} <= {TEMPLATE}, reading.faults
    assert all(fault.problem and fault.instead for fault in reading.faults)
    if wanted.verdict == "no JSON":
        (fault,) = reading.faults
        assert f"{fault.line}:{fault.column}".startswith("".join(wanted.paths))
        return
    assert all(fault.line and fault.column for fault in reading.faults)
    paths = {within_resource(fault.path, is_deployment=wanted.is_deployment) for fault in reading.faults}
    assert paths == wanted.paths
    remarked = {within_resource(remark.path, is_deployment=wanted.is_deployment) for remark in reading.remarks}
    assert wanted.remarks <= remarked
    left = [fault for fault in reading.faults if "placeholder" in fault.problem]
    assert (len(left) == len(reading.faults)) == (wanted.verdict != "refused")
    assert (reading.stage_plan("sbx", "image") is not None) == (wanted.verdict == "valid")


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if EXPECTED[file.name[:2]].verdict != "no JSON" and file.name[:2] != "85"],
    ids=lambda file: file.name,
)
def test_a_published_template_becomes_a_plan_once_it_is_filled_in_and_mended(tmp_path: Path, file: Path) -> None:
    text = file.read_bytes().decode("utf-8-sig")
    around = surroundings_of(text)
    mended = mend(text, EXPECTED[file.name[:2]], around)
    reading = read(tmp_path, mended.encode(), around)
    assert reading.faults == ()
    plan = reading.stage_plan("sbx", "image")
    assert plan
    template = plan.image_template
    assert (template.identity_name, template.location) == (around.identity, around.location)
    assert len(template.base_name) <= 44
    assert "<" not in json.dumps([template.properties["source"], template.properties["distribute"]])


def mend(text: str, wanted: Expected, around: Surroundings) -> str:
    for pattern, replacement in wanted.mends:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    identity = {"type": "UserAssigned", "userAssignedIdentities": {around.identity_id: {}}}
    text = text.replace("IDENTITY}", json.dumps(identity) + "}").replace("IDENTITY,", json.dumps(identity) + ",")
    text = text.replace("GROUP-", f"{around.group_id}-")
    text = re.sub(r'"(\[[^"\n]*\])"', lambda found: f'"{evaluated(found[1], around)}"', text)
    return re.sub(r"<([\w ]+)>|\$\{(\w+)\}", lambda found: filled_in(found[1] or found[2], around), text)


def evaluated(expression: str, around: Surroundings) -> str:
    """Return what an ARM expression may stand for."""
    meanings = {
        "location": around.location,
        "api-version": "2024-02-01",
        "imageTemplateName": "it-image",
        "managedimagename": "it-image",
        "resourceid": f"{around.group_id}/providers/Microsoft.Compute/images/it-image",
        "galleries": f"{around.group_id}/providers/Microsoft.Compute/galleries/{around.gallery}"
        f"/images/{around.definition}",
    }
    return next((meaning for part, meaning in meanings.items() if part.lower() in expression.lower()), "true")


def filled_in(placeholder: str, around: Surroundings) -> str:
    """Return what a placeholder may stand for."""
    meanings = {
        "subscription": SUBSCRIPTION,
        "region": around.location,
        "location": around.location,
        "imgbuilderid": around.identity_id,
        "gal": around.gallery,
        "def": around.definition,
        "user id": around.identity,
        "created": around.identity,
        "identityname": around.identity,
        "rg": around.group,
        "resource_group": around.group,
    }
    return next((meaning for part, meaning in meanings.items() if part in placeholder.lower()), "value1")


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.name)
def test_any_published_template_ends_in_a_plan_or_in_a_report(tmp_path: Path, file: Path) -> None:
    text = file.read_bytes().decode("utf-8-sig", errors="replace")
    reading = read(tmp_path, file.read_bytes(), surroundings_of(text))
    assert bool(reading.faults) == (reading.stage_plan("sbx", "image") is None)
    assert all(fault.problem and fault.instead for fault in reading.faults)
