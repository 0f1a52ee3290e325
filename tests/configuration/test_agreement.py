"""What must agree between the files, and between the files and the scripts."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.configuration.conftest import DEFINITION_ID, SCRIPTS, SUBSCRIPTION, Folder

IT = "parameters.itParam.value"
Told = Callable[[], dict[str, tuple[str, str]]]


@pytest.mark.parametrize(
    ("key", "value", "instead"),
    [
        ("userMsiName", "id-others", "id-images"),
        ("userMsiResourceGroup", "rg-others", "rg-images"),
        ("location", "northeurope", "westeurope"),
        ("sigImageDefinitionId", DEFINITION_ID.replace("rg-images", "rg-others"), "rg-images"),
        ("sigImageDefinitionId", DEFINITION_ID.replace("/gal/", "/others/"), "gal"),
        ("sigImageDefinitionId", DEFINITION_ID.replace("1111-", "2222-", 1), SUBSCRIPTION),
        ("sigImageDefinitionId", DEFINITION_ID.replace("images/linux", "images/linus"), "one of linux, win"),
        ("sigImageDefinitionId", DEFINITION_ID.replace("images/linux", "images/win"), "an image definition for Linux"),
    ],
)
def test_the_template_must_agree_with_the_infrastructure(
    folder: Folder, told: Told, key: str, value: str, instead: str
) -> None:
    folder.template[key] = value
    faults = told()
    assert list(faults) == [f"{IT}.{key}"]
    assert faults[f"{IT}.{key}"][1] == instead


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("userMsiName", "ID-Images"),
        ("location", "West Europe"),
        ("sigImageDefinitionId", DEFINITION_ID.replace("resourceGroups", "resourcegroups").replace("/gal/", "/GAL/")),
    ],
)
def test_case_and_blanks_that_azure_passes_over_are_no_disagreement(folder: Folder, key: str, value: str) -> None:
    folder.template[key] = value
    assert folder.read().faults == ()


def test_the_infrastructure_stands_where_the_pipeline_says(folder: Folder, told: Told) -> None:
    folder.infrastructure["location"] = {"value": "northeurope"}
    assert "parameters.location.value" in told()


@pytest.mark.parametrize(
    ("address", "problem", "instead"),
    [
        (f"{SCRIPTS}/linux/instal_tools.sh", "no file linux/instal_tools.sh", "linux/install_tools.sh"),
        (f"{SCRIPTS}/install_tool.sh", "no file install_tool.sh", "linux/install_tools.sh"),
        (f"{SCRIPTS}/quite/different", "no file quite/different", "the file customization/quite/different"),
        (f"{SCRIPTS}/../versions.env", "no file ../versions.env", "versions.env"),
        (SCRIPTS.replace("stscripts", "stothers") + "/versions.env", "is stscripts", f"{SCRIPTS}/versions.env"),
        (SCRIPTS.replace("aibscripts", "other") + "/versions.env", "no container other", "one of aibscripts"),
    ],
)
def test_an_address_of_ours_must_lead_to_a_script(
    folder: Folder, told: Told, address: str, problem: str, instead: str
) -> None:
    folder.template["customizationSteps"] = [{"type": "Shell", "scriptUri": address}]
    faults = told()
    assert list(faults) == [f"{IT}.customizationSteps[0].scriptUri"]
    told_problem, told_instead = faults[f"{IT}.customizationSteps[0].scriptUri"]
    assert problem in told_problem
    assert instead in told_instead


def test_disagreements_are_told_beside_other_faults_of_the_file(folder: Folder, told: Told) -> None:
    folder.template.update(userMsiName="id-others", vmSize="<size>", sigImageDefinitionId="<id>")
    assert list(told()) == [f"{IT}.userMsiName", f"{IT}.vmSize", f"{IT}.sigImageDefinitionId"]


@pytest.mark.parametrize("definitions", [[], ["linux", "linux2"]])
def test_without_exactly_one_definition_for_the_system_the_id_must_be_given(
    folder: Folder, told: Told, definitions: list[str]
) -> None:
    images = folder.infrastructure["acgParam"]["value"]["images"]
    linux, windows = images
    images[:] = [{**linux, "name": name} for name in definitions] + [windows]
    assert list(told()) == [f"{IT}.sigImageDefinitionId"]


@pytest.mark.parametrize(
    ("os_type", "members", "path", "problem"),
    [
        (
            "Linux",
            {"customizationSteps": [{"type": "File", "sourceUri": f"{SCRIPTS}/versions.env", "destination": "/opt/v"}]},
            "customizationSteps[0].destination",
            "not be allowed",
        ),
        ("Windows", {"customizationSteps": [], "buildTimeoutInMinutes": 30}, "buildTimeoutInMinutes", "hour"),
        (
            "Linux",
            {"customizationSteps": [{"type": "Shell", "scriptUri": "https://example.org/a.sh?sv=1&sig=abc"}]},
            "customizationSteps[0].scriptUri",
            "has a key in it",
        ),
        ("Linux", {"userAssignedIdentities": "id-images"}, "userAssignedIdentities", "not read"),
        ("Linux", {"lock": {"kind": "CanNotDelete"}}, "lock", "no lock is set"),
        ("Linux", {"managedImageName": "m", "replicationMode": "Full"}, "replicationMode", "not used"),
    ],
)
def test_what_often_goes_wrong_is_remarked_and_no_fault(
    folder: Folder, os_type: str, members: dict[str, Any], path: str, problem: str
) -> None:
    folder.pipeline["images"][0]["osType"] = os_type
    folder.template.update(members)
    reading = folder.read()
    assert reading.faults == ()
    assert [remark.path for remark in reading.remarks] == [f"{IT}.{path}"]
    assert problem in reading.remarks[0].problem


def test_no_secret_is_shown(folder: Folder) -> None:
    folder.template.update(
        adminPassword="hunter2",  # a made-up one, to be hidden
        customizationSteps=[
            {"type": "Shell", "scriptUri": "https://example.org/a.sh?sig=hunter2"},
            {"type": "Shell", "inline": "curl -H 'Authorization: hunter2'"},
            {"type": "Shell", "inline": ["curl 'https://example.org/a?sig=hunter2' | bash"]},
            {"type": "Shell", "script": "AccountKey=hunter2;"},
        ],
    )
    reading = folder.read()
    assert len(reading.faults) + len(reading.remarks) >= 5
    assert "hunter2" not in repr((reading.faults, reading.remarks))
