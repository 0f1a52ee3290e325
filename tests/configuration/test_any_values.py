"""Whatever stands in place of a value, the reading ends with a report."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from configuration.checking.findings import Findings
from configuration.image_template.comparison import Setting
from configuration.image_template.file import base_name_path, operator_path, read_image_template
from configuration.infrastructure_file import read_infrastructure
from configuration.pipeline_file import read_pipeline
from models.configuration import Environment, ImageSettings
from tests.configuration.conftest import SUBSCRIPTION, TEMPLATE, valid_files

ENVIRONMENT = Environment(name="sbx", subscription_id=SUBSCRIPTION, location="westeurope")
WORDS = st.sampled_from(
    ["", "type", "Shell", "name", "<x>", "{problem}", "[a]", "%s", "/subscriptions/", "https://a/b?sig=c"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def full_files() -> dict[str, Any]:
    files = valid_files()
    schedule = {"enabled": True, "time": "03:00", "timeZone": "UTC", "startEnvironment": "sbx", "always": True}
    files["pipeline.json"]["schedule"] = schedule
    files["pipeline.json"]["images"][0]["schedule"] = schedule
    files[TEMPLATE]["parameters"]["itParam"]["value"].update(
        vnetConfig={"subnetId": "s"},
        subnetId="s",
        validate={"inVMValidations": [{"type": "Shell", "inline": ["wget https://a/b<SAS>", "true"]}]},
        optimize={"workload": {"state": "Enabled", "scriptUri": "https://a/b"}},
        targetRegions=[{"name": "westeurope"}],
        managedImageName="m",
        unManagedImageName="v",
        stagingResourceGroup="g",
        sigImageDefinitionId="d",
    )
    return files


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for part in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[part], (*path, part))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], by)
    return value


def whole_template(full: dict[str, Any]) -> dict[str, Any]:
    step = full[TEMPLATE]["parameters"]["itParam"]["value"]["customizationSteps"]
    identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    properties = {"source": {"type": "ManagedImage", "imageId": "i"}, "customize": step, "distribute": []}
    return {
        "name": "it",
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {**properties, "distribute": [{"type": "SharedImage"}, {"type": "ManagedImage"}]},
    }


FILES = full_files()
WHOLE, DEPLOYMENT = "sbx.imageTemplate.linux.json", "sbx.imageTemplate.json"
FILES[WHOLE] = whole_template(FILES)
FILES[DEPLOYMENT] = {
    "resources": [{**FILES[WHOLE], "type": "Microsoft.VirtualMachineImages/imageTemplates"}],
    "parameters": {},
}
PLACES = [(name, path) for name, content in FILES.items() for path in places(content)]


@given(st.sampled_from(PLACES), VALUES)
def test_any_value_anywhere_ends_in_a_report(place: tuple[str, tuple[Any, ...]], value: Any) -> None:
    name, path = place
    files = {**FILES, name: replaced(FILES[name], path, value)}
    findings = Findings()
    pipeline, infrastructure, *templates = (
        source for each in files if (source := findings.parse(each, json.dumps(files[each]).encode()))
    )
    assert len(templates) == 3
    read_pipeline(pipeline, findings)
    resources = read_infrastructure(infrastructure, findings, ENVIRONMENT)
    setting = Setting(ENVIRONMENT, ImageSettings(name="linux", os_type="Linux"), resources, frozenset({"a.sh"}))
    for template in templates:
        read_image_template(template, findings, setting)
        read_image_template(template, findings, None)
        assert operator_path(template, ("source",))
        assert base_name_path(template)
    findings.tell_placeholders()
    for finding in (*findings.in_reading_order(findings.faults), *findings.remarks):
        assert json.dumps(finding.to_payload())
        assert finding.problem
        assert finding.instead
        assert finding.line
