"""A plan tells what a run would do, and every fault, and changes nothing."""

import pytest

from tests.whole_app.driving import SAMPLE_SUBSCRIPTION, Bakery, changes_among, eventually

INFRASTRUCTURE = "sbx.imageInfra.parameters.json"
TEMPLATE = "sbx.imageTemplate.linux.parameters.json"
ALL_STEPS = ["check", "removal", "infrastructure", "scripts", "imageTemplate", "build", "publication"]


def plan_of(bakery: Bakery, **options):
    """Return the plan of a run, after seeing that Azure was at most read and nothing was started."""
    runs = len(bakery.api.get("/api/runs").json()["runs"])
    before = changes_among(bakery.requests())
    answer = bakery.api.post("/api/plan", json=options)
    assert answer.status_code == 200, answer.text
    assert changes_among(bakery.requests()) == before
    assert len(bakery.api.get("/api/runs").json()["runs"]) == runs
    return answer.json()


def told(stage):
    return {step["name"]: " ".join(step["does"]) for step in stage["steps"]}


def test_the_plan_of_the_first_run_has_its_steps_and_no_faults(bakery: Bakery):
    bakery.reset()
    plan = plan_of(bakery, scope="all")
    assert (plan["image"], plan["scope"], plan["faults"]) == ("linux", "all", [])
    (stage,) = plan["environments"]
    assert (stage["environment"], list(told(stage))) == ("sbx", ALL_STEPS)
    assert "rg-image-bakery-sbx" in told(stage)["infrastructure"]


def test_what_is_planned_is_what_the_run_then_does(bakery: Bakery):
    bakery.reset()
    planned = plan_of(bakery, scope="all")["environments"][0]
    run = bakery.ended(bakery.start(scope="all"))
    assert run["state"] == "Succeeded"
    assert [step["name"] for step in run["stages"][0]["steps"]] == list(told(planned))
    template = run["stages"][0]["build"]["templateName"]
    again = told(plan_of(bakery)["environments"][0])
    assert f"{template}, and removes it" in again["removal"]
    assert "identity" not in again["infrastructure"]


def test_without_infrastructure_the_default_scope_is_told_to_run_all_first(bakery: Bakery):
    bakery.reset()
    plan = plan_of(bakery)
    (fault,) = plan["faults"]
    assert (fault["file"], fault["path"]) == (INFRASTRUCTURE, "parameters.rgParam.value.name")
    assert "`all`" in fault["instead"]
    assert plan["environments"][0]["steps"]
    refused = bakery.api.post("/api/runs", json={})
    assert refused.status_code == 400
    assert refused.json()["faults"] == plan["faults"]


def test_faults_that_azure_tells_come_with_the_place_in_the_file(bakery: Bakery, change):
    change(TEMPLATE, '"server"', '"server-gen1"')
    faults = plan_of(bakery, scope="all")["faults"]
    assert {fault["path"] for fault in faults} == {"parameters.itParam.value.imageSource.sku"}
    assert all(fault["line"] and fault["value"] == "server-gen1" and fault["instead"] for fault in faults)


def test_an_environment_whose_files_have_faults_has_no_steps_yet(bakery: Bakery, change):
    change(INFRASTRUCTURE, "gal_image_bakery_sbx", "gal-image-bakery")
    plan = plan_of(bakery, scope="all")
    assert [stage["steps"] for stage in plan["environments"]] == [[]]
    assert {fault["file"] for fault in plan["faults"]} == {INFRASTRUCTURE}


def test_what_is_not_registered_is_planned_and_then_registered(bakery: Bakery):
    bakery.reset()
    for namespace in ("Microsoft.Storage", "Microsoft.VirtualMachineImages"):
        bakery.azure(f"/subscriptions/{SAMPLE_SUBSCRIPTION}/providers/{namespace}/unregister", "2025-04-01", "POST")
    plan = plan_of(bakery, scope="all")
    assert plan["faults"] == []
    (stage,) = plan["environments"]
    assert [remark["path"] for remark in stage["remarks"]] == ["environments[0].subscriptionId"] * 2
    assert "Registers the resource provider Microsoft.Storage" in told(stage)["check"]
    run = bakery.ended(bakery.start(scope="all"))
    assert run["state"] == "Succeeded", run["stages"][0]["failure"]
    made = [entry["url"] for entry in bakery.requests() if entry["method"] in {"PUT", "POST"}]
    asked = [index for index, url in enumerate(made) if "/register?" in url]
    assert len(asked) == 2
    assert max(asked) < min(index for index, url in enumerate(made) if "/resourcegroups/" in url.lower())


def test_the_run_that_is_on_is_told_as_a_start_would_tell_it(bakery: Bakery, change):
    change(
        "pipeline.json", '"location": "westeurope",', '"location": "westeurope", "approval": {"timeoutMinutes": 60},'
    )
    assert plan_of(bakery, image="linux", scope="all")["running"] is None
    run_id = bakery.start(image="linux", scope="all")
    eventually(lambda: bakery.run(run_id), lambda run: bool(run["approvals"]))
    refused = bakery.api.post("/api/runs", json={"image": "linux", "scope": "all"})
    running = plan_of(bakery, image="linux", scope="all")["running"]
    assert (refused.status_code, running["id"]) == (409, run_id)
    assert running == {key: refused.json()[key] for key in ("id", "statusUrl")}
    assert bakery.api.post(f"/api/runs/{run_id}/cancel", json={}).status_code == 202
    bakery.ended(run_id)
    assert plan_of(bakery, image="linux", scope="all")["running"] is None


def test_an_approval_is_planned_before_its_stage(bakery: Bakery, change):
    approval = '"approval": {"timeoutMinutes": 60, "approvers": ["ann@example.org"]},'
    change("pipeline.json", '"location": "westeurope",', f'"location": "westeurope", {approval}')
    (stage,) = plan_of(bakery, scope="only-infrastructure")["environments"]
    assert stage["steps"][0]["name"] == "approval"
    assert "ann@example.org" in stage["steps"][0]["does"][0]


def test_what_azure_does_not_answer_is_a_remark(bakery: Bakery):
    bakery.reset()
    bakery.switch_on(kind="status", method="GET", path="/providers$", status=403, code="AuthorizationFailed")
    plan = plan_of(bakery, scope="all")
    assert plan["faults"] == []
    assert any("AuthorizationFailed" in remark["problem"] for remark in plan["environments"][0]["remarks"])


def test_what_fails_again_and_again_in_commands_is_a_remark_of_the_plan_and_of_the_run(bakery: Bakery, change):
    change(TEMPLATE, '"inline": [', '"inline": ["curl https://e.org/install | bash",')
    (stage,) = plan_of(bakery, scope="only-infrastructure")["environments"]
    (planned,) = [remark for remark in stage["remarks"] if remark["file"] == TEMPLATE]
    assert planned["path"].endswith(".inline[0]")
    assert planned["line"]
    run = bakery.ended(bakery.start(image="linux", scope="only-infrastructure"))
    assert run["state"] == "Succeeded"
    assert planned in run["stages"][0]["remarks"]


def test_a_pipeline_file_that_is_wrong_is_all_that_is_told(bakery: Bakery, change):
    change("pipeline.json", '"environments"', '"enviroments"')
    plan = plan_of(bakery)
    assert (plan["image"], plan["scope"], plan["environments"]) == (None, None, [])
    assert plan["faults"]


@pytest.mark.parametrize("content", [b'{"image": "linx"}', b"[1]", b'{"scope": "everything"}'])
def test_a_request_that_is_not_understood_has_no_plan(bakery: Bakery, content):
    answer = bakery.api.post("/api/plan", content=content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["faults"]


def test_a_subscription_that_is_not_there_is_a_fault_and_no_failure(bakery: Bakery, change):
    change("pipeline.json", "00000000-0000-0000-0000-000000000001", "99999999-9999-4999-8999-999999999999")
    plan = plan_of(bakery, scope="only-infrastructure")
    assert [fault["path"] for fault in plan["faults"]] == ["environments[0].subscriptionId"]
    assert "whichever there are" in told(plan["environments"][0])["removal"]
