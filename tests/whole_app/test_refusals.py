"""What Azure refuses ends the run as failed, at the right step, in Azure's words."""

import pytest

from tests.whole_app.driving import Bakery

REFUSALS = [
    (
        {"kind": "status", "method": "PUT", "path": "/galleries/", "status": 403, "code": "RequestDisallowedByPolicy"},
        "infrastructure",
        "RequestDisallowedByPolicy",
    ),
    (
        {"kind": "status", "method": "PUT", "path": "/imageTemplates/", "status": 400, "code": "ValidationFailed"},
        "imageTemplate",
        "ValidationFailed",
    ),
    (
        {"kind": "status", "method": "POST", "path": "/run$", "status": 409, "code": "QuotaExceeded"},
        "build",
        "QuotaExceeded",
    ),
    ({"kind": "build", "outcome": "Failed"}, "build", "ImageRunFailed"),
]


@pytest.mark.parametrize(("fault", "step", "code"), REFUSALS)
def test_a_refusal_ends_the_run_at_its_step(bakery: Bakery, fault, step, code):
    bakery.reset()
    bakery.switch_on(**fault, message="Azure said no.")
    run = bakery.ended(bakery.start(scope="all"))
    failure = run["stages"][0]["failure"]
    assert run["state"] == "Failed"
    assert (failure["step"], failure["code"]) == (step, code)
    assert "Azure said no." in failure["message"]


def test_a_failed_run_does_not_stand_in_the_way_of_the_next(bakery: Bakery):
    bakery.reset()
    bakery.switch_on(kind="build", outcome="Failed", times=1)
    assert bakery.ended(bakery.start(scope="all"))["state"] == "Failed"
    assert bakery.ended(bakery.start())["state"] == "Succeeded"


def test_faults_that_pass_are_outlasted(bakery: Bakery):
    bakery.reset()
    for seed, kind in enumerate(("drop-after", "drop-before", "status")):
        bakery.switch_on(kind=kind, status=503, probability=0.05, seed=seed)
    run = bakery.ended(bakery.start(scope="all"), within_seconds=110)
    assert run["state"] == "Succeeded", run["stages"][0]["failure"]
    versions = {entry["url"] for entry in bakery.requests("POST", "/run") if entry["response"]["status"] == 202}
    assert len(versions) == 1
