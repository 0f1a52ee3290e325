"""One image, baked from an HTTP request to a published version, on the whole local stack."""

import re

import pytest

from tests.conformity.traffic import needs_specifications, outside, validate_traffic
from tests.whole_app.driving import Bakery

STEPS = ["check", "removal", "infrastructure", "scripts", "imageTemplate", "build", "publication"]


@pytest.fixture(scope="module")
def baked(bakery: Bakery):
    """A run that is over, and all that the app asked of Azure for it."""
    bakery.reset()
    run = bakery.ended(bakery.start(image="linux", startEnvironment="sbx", stopEnvironment="sbx", scope="all"))
    return run, bakery.requests()


def test_a_bake_succeeds_step_by_step(baked):
    run, _ = baked
    (stage,) = run["stages"]
    assert run["state"] == "Succeeded", stage["failure"]
    assert [(step["name"], step["state"]) for step in stage["steps"]] == [(name, "Succeeded") for name in STEPS]
    assert all(step["durationSeconds"] is not None for step in stage["steps"])


def test_the_result_names_the_version_and_what_is_in_it(baked):
    result = baked[0]["stages"][0]["result"]
    assert re.search(r"/images/linux-ubuntu-24-04/versions/\d+\.\d+\.\d+$", result["imageVersionId"])
    assert re.fullmatch(r"it-linux-\d{4}(-\d\d){5}", result["templateName"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", result["exactSourceVersion"])
    assert {script["path"] for script in result["scripts"]} >= {"linux/install_powershell.sh"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", script["sha256"]) for script in result["scripts"])
    assert result["replicationState"] == "Completed"
    assert [(one["name"], one["state"]) for one in result["regions"]] == [("westeurope", "Completed")]
    assert result["lineageFailures"] == []
    assert result["logUrl"].endswith("/customization.log")


def test_the_build_is_told_by_its_sub_states(baked):
    build = baked[0]["stages"][0]["build"]
    assert build["runState"] == "Succeeded"
    seen = [one["name"] for one in build["subStates"]]
    assert seen
    assert set(seen) <= {"Queued", "Building", "Customizing", "Optimizing", "Validating", "Distributing"}


def test_one_template_is_submitted_and_run_once(baked):
    writes = [(entry["method"], entry["url"].partition("?")[0]) for entry in baked[1] if entry["method"] != "GET"]
    templates = [url for method, url in writes if method == "PUT" and "/imageTemplates/" in url]
    runs = [url for method, url in writes if method == "POST" and url.endswith("/run")]
    assert len(templates) == 1
    assert runs == [f"{templates[0]}/run"]


def test_the_published_version_leads_back_to_its_run(bakery, baked):
    run, _ = baked
    version_id = run["stages"][0]["result"]["imageVersionId"]
    version = bakery.azure(version_id, "2023-07-03")
    assert version["tags"]["imageBakeryRun"] == run["id"]
    assert version["tags"]["imageBakerySource"] == run["stages"][0]["result"]["exactSourceVersion"]


def test_no_key_and_no_signature_reaches_a_template(baked):
    (body,) = [
        entry["request"]["body"]
        for entry in baked[1]
        if entry["method"] == "PUT" and "/imageTemplates/" in entry["url"]
    ]
    assert "sig=" not in str(body)
    assert "?" not in body["properties"]["customize"][0]["sourceUri"]


def test_a_run_is_found_in_the_list(bakery, baked):
    newest = bakery.api.get("/api/runs").json()["runs"]
    assert baked[0]["id"] in [run["id"] for run in newest]
    assert [run["startedAt"] for run in newest] == sorted((run["startedAt"] for run in newest), reverse=True)


@needs_specifications
def test_all_traffic_with_azure_conforms_to_the_official_specifications(baked):
    assert validate_traffic(baked[1]) == []
    assert sum(outside(baked[1]).values()) < len(baked[1]) / 2
