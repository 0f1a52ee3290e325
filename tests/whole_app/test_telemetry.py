"""What the app tells of a run: three environments, an approval, a passing failure, a killed host, and a failed end."""

import os
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from local.stack import APP_FOLDER, StackOptions, local_stack
from tests.whole_app.collector import collector, tree
from tests.whole_app.driving import SUBSCRIPTIONS, Bakery, eventually, write_three_environments

SIGNED = "See https://example.org/logs?sig=a-signature&se=2026."
APP = "image_bakery"
# One run through three environments, with a host that starts twice.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A run that was told of to its end: what was collected, its record, and the secrets of its stack."""
    folder, parameters = tmp_path_factory.mktemp("stack"), tmp_path_factory.mktemp("three")
    write_three_environments(parameters, {"prd": {"timeoutMinutes": 60}})
    with collector() as collected:
        options = StackOptions(build_seconds=2, parameters=parameters, settings=collected.settings)
        with (
            local_stack(folder, options) as stack,
            Bakery(stack.model_dump(mode="json", by_alias=True)) as bakery,
        ):
            record = _run_with_accidents(bakery, folder, collected)
            eventually(lambda: collected.counted(f"{APP}.pipeline_run.ends"), bool)
            eventually(lambda: {span.name for span in collected.spans}, lambda names: "pipeline run linux" in names)
            secrets = [
                *(value for name, value in bakery.stack["functions"].items() if name.endswith("Key")),
                bakery.stack["identity"]["header"],
            ]
        yield collected, record, secrets


def _run_with_accidents(bakery, folder, collected):
    bakery.switch_on(
        kind="status", method="PUT", path=f"{SUBSCRIPTIONS['sbx']}/.*/galleries/", status=503, times=1, message=SIGNED
    )
    bakery.switch_on(kind="build", path=f"{SUBSCRIPTIONS['prd']}/", outcome="Failed", message=SIGNED)
    run_id = bakery.start(image="linux", scope="all")
    eventually(lambda: _builds_begun(collected), lambda environments: "dev" in environments, 60)
    os.kill(bakery.stack["functions"]["pid"], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(bakery.stack["functions"]["pid"])], timeout=10)
    command = [sys.executable, "-m", "local", "host", "--join", str(folder / "stack.json")]
    with subprocess.Popen(command, cwd=APP_FOLDER, stdout=subprocess.PIPE) as host:
        try:
            assert host.stdout.readline()
            eventually(lambda: bakery.run(run_id), lambda run: run["approvals"], 60)
            bakery.api.post(f"/api/runs/{run_id}/approvals/prd", json={"decision": "approved", "who": "ann"})
            return bakery.ended(run_id)
        finally:
            # It ends in good order, and tells the rest.
            host.terminate()


def _builds_begun(collected):
    begun = [span for span in collected.spans if span.name == "start_image_run"]
    return {span.attributes[f"{APP}.environment"] for span in begun}


def spans_of_the_run(told):
    collected, record, _ = told
    (root,) = [span for span in collected.spans if span.name == "pipeline run linux"]
    assert root.attributes[f"{APP}.run"] == record["id"]
    return root, [span for span in collected.spans if span.trace == root.trace]


BEGINNING = """\
  step check
    check_stage
  step removal
    list_image_templates
  step infrastructure
    create_or_update_blob_container
    create_or_update_gallery
    create_or_update_identity
    create_or_update_image_definition
    create_or_update_resource_group
    create_or_update_role_assignment
    create_or_update_storage_account
    get_gallery
    get_image_definition
    get_storage_account
  step scripts
    upload_scripts
  step imageTemplate
    create_image_template
    get_image_template
  step build
    get_image_run
    start_image_run"""
# What a build leaves that did not succeed is looked for at its end.
BUILT = """\
    get_image_run
    start_image_run"""
FAILED = """\
    find_half_made
    get_image_run
    get_publication
    start_image_run"""
PUBLISHED = """\
  step publication
    get_publication
    publish_lineage"""
STORY = f"""\
publish_record
stage sbx
{BEGINNING}
{PUBLISHED}
stage dev
{BEGINNING}
{PUBLISHED}
approval prd
stage prd
{BEGINNING.replace(BUILT, FAILED)}"""


def test_a_run_is_one_tree_of_stages_steps_and_activities(told):
    root, spans = spans_of_the_run(told)
    assert root.parent == ""
    assert "\n".join(tree([span for span in spans if span.scope == APP], root.id, depth=3)) == STORY


def test_nothing_of_a_run_is_in_another_trace(told):
    collected, record, _ = told
    root, spans = spans_of_the_run(told)
    activities = [span for span in collected.spans if span.attributes.get(f"{APP}.run") == record["id"]]
    assert {span.trace for span in activities} == {root.trace}
    ids = {span.id for span in spans}
    # What the killed host was at has no end: of it there are at most the calls to Azure that it had made.
    assert [span.name for span in spans if span.scope == APP and span.parent and span.parent not in ids] == []


def test_calls_to_azure_are_told_within_their_activity(told):
    _, spans = spans_of_the_run(told)
    by_id = {span.id: span for span in spans}
    calls = [span for span in spans if "/galleries/" in span.attributes.get("url.full", "")]
    assert calls
    for call in calls:
        around = call
        while around.scope != APP:
            around = by_id[around.parent]
        assert around.attributes[f"{APP}.step"]


def test_every_span_of_a_stage_says_run_image_environment_and_step(told):
    _, record, _ = told
    _, spans = spans_of_the_run(told)
    own = [span for span in spans if span.scope == APP]
    for span in own:
        assert span.attributes[f"{APP}.run"] == record["id"]
        assert span.attributes[f"{APP}.image"] == "linux"
    activities = [span for span in own if f"{APP}.function" in span.attributes and span.name != "publish_record"]
    seen = {(span.attributes[f"{APP}.environment"], span.attributes[f"{APP}.step"]) for span in activities}
    assert {environment for environment, _ in seen} == set(SUBSCRIPTIONS)
    assert {step for _, step in seen} == {
        "check", "removal", "infrastructure", "scripts", "imageTemplate", "build", "publication",
    }  # fmt: skip


def test_what_failed_is_told_as_failed(told):
    root, spans = spans_of_the_run(told)
    failed = sorted({span.name for span in spans if span.scope == APP and not span.succeeded})
    assert failed == ["create_or_update_gallery", "pipeline run linux", "stage prd", "step build"]
    assert root.attributes[f"{APP}.state"] == "Failed"


def test_each_metric_counts_each_fact_once(told):
    collected, _, _ = told

    def total(metric, *by):
        points = collected.counted(f"{APP}.{metric}")
        found = Counter()
        for attributes, amount in points.items():
            found[tuple(dict(attributes)[name if "." in name else f"{APP}.{name}"] for name in by)] += amount
        return dict(found)

    assert total("pipeline_run.ends", "image", "scope", "started_by", "state") == {
        ("linux", "all", "http", "Failed"): 1
    }
    assert total("pipeline_run.duration", "state") == {("Failed",): 1}
    assert total("stage.duration", "environment", "state") == {
        ("sbx", "Succeeded"): 1,
        ("dev", "Succeeded"): 1,
        ("prd", "Failed"): 1,
    }
    assert total("stage.failures", "environment", "step") == {("prd", "build"): 1}
    assert total("build.duration", "environment", "state") == {
        ("sbx", "Succeeded"): 1,
        ("dev", "Succeeded"): 1,
        ("prd", "Failed"): 1,
    }
    assert total("build.detection_lag", "environment") == {("sbx",): 1, ("dev",): 1, ("prd",): 1}
    assert total("approval.wait", "environment", "state") == {("prd", "Approved"): 1}
    assert total("activity.retries", "function") == {("create_or_update_gallery",): 1}
    failures = total("azure.failures", "function", "outcome", "error.type")
    assert failures == {("create_or_update_gallery", "unavailable", "InternalServerError"): 1}


def test_log_lines_of_a_run_are_in_its_trace_and_say_what_they_are_about(told):
    collected, record, _ = told
    root, _ = spans_of_the_run(told)
    (end,) = [line for line in collected.lines if f"the run {record['id']} ended as Failed" in line[1]]
    assert end[0] == root.trace
    assert (end[2][f"{APP}.run"], end[2][f"{APP}.image"]) == (record["id"], "linux")
    (stage,) = [line for line in collected.lines if "the stage prd ended" in line[1]]
    assert stage[2][f"{APP}.environment"] == "prd"
    events = [line[2][f"{APP}.event"] for line in collected.lines if f"{APP}.event" in line[2]]
    assert sorted(event for event in events if event != "patch.look") == [
        "approval.ended",
        "approval.requested",
        "run.ended",
    ]


def test_no_secret_and_no_signed_address_is_sent(told):
    collected, _, secrets = told
    sent = b"".join(body for _, body in collected.bodies)
    assert b"example.org/logs" in sent
    for secret in (*secrets, "a-signature", "sig=", "Bearer ", "AccountKey"):
        assert secret.encode() not in sent
