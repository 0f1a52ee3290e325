"""Parameter files that are wrong keep a run from being started, and nothing is changed in Azure."""

import pytest

from tests.whole_app.driving import Bakery, changes_among

PIPELINE = "pipeline.json"
INFRASTRUCTURE = "sbx.imageInfra.parameters.json"
TEMPLATE = "sbx.imageTemplate.linux.parameters.json"


def faults_of(bakery: Bakery):
    """The faults that a request is refused for, after seeing that Azure was at most read."""
    answer = bakery.api.post("/api/runs", json={"scope": "all"})
    assert answer.status_code == 400, answer.text
    assert changes_among(bakery.requests()) == []
    return answer.json()["faults"]


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        (INFRASTRUCTURE, "stimagebakerysbx", "StImageBakery", "parameters.saParam.value.name"),
        (INFRASTRUCTURE, "gal_image_bakery_sbx", "gal-image-bakery", "parameters.acgParam.value.name"),
        (TEMPLATE, '"it-linux"', f'"{"x" * 45}"', "parameters.itParam.value.name"),
        (TEMPLATE, "Canonical", "<YourPublisher>", "parameters.itParam.value.imageSource.publisher"),
        (TEMPLATE, '"vmSize"', '"vmsize"', "parameters.itParam.value.vmsize"),
        (TEMPLATE, '"server"', '"server-gen1"', "parameters.itParam.value.imageSource.sku"),
        (
            TEMPLATE,
            "install_powershell.sh",
            "install_powrshell.sh",
            "parameters.itParam.value.customizationSteps[2].scriptUri",
        ),
        (PIPELINE, '"westeurope"', '"<Region>"', "environments[0].location"),
    ],
)
def test_a_fault_names_file_path_value_and_what_to_write(bakery, change, file, old, new, path):
    change(file, old, new)
    found = [fault for fault in faults_of(bakery) if (fault["file"], fault["path"]) == (file, path)]
    assert found
    assert all(fault[member] for fault in found for member in ("line", "column", "value", "problem", "instead"))


def test_broken_json_is_told_with_line_and_column(bakery, change, parameters):
    change(TEMPLATE, '"contentVersion"', "contentVersion")
    (fault,) = [fault for fault in faults_of(bakery) if fault["file"] == TEMPLATE]
    line = (parameters / TEMPLATE).read_text().split("contentVersion")[0].count("\n") + 1
    assert fault["line"] == line
    assert fault["column"]


def test_a_missing_file_is_a_fault(bakery, change, parameters):
    change(TEMPLATE, "server", "server")
    (parameters / TEMPLATE).unlink()
    assert [(fault["file"], fault["problem"]) for fault in faults_of(bakery)] == [(TEMPLATE, "the file is missing")]


def test_all_faults_of_all_files_come_in_one_report(bakery, change):
    change(INFRASTRUCTURE, "gal_image_bakery_sbx", "gal-image-bakery")
    change(INFRASTRUCTURE, "stimagebakerysbx", "St")
    change(TEMPLATE, '"vmSize"', '"vmsize"')
    change(TEMPLATE, "Canonical", "<YourPublisher>")
    files = [fault["file"] for fault in faults_of(bakery)]
    assert files.count(INFRASTRUCTURE) >= 2
    assert files.count(TEMPLATE) >= 2


def test_files_that_are_right_again_start_a_run(bakery, change, parameters):
    change(TEMPLATE, '"server"', '"server-gen1"')
    assert faults_of(bakery)
    change(TEMPLATE, '"server-gen1"', '"server"')
    assert bakery.ended(bakery.start(scope="only-infrastructure"))["state"] == "Succeeded"
