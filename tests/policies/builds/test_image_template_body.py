import hashlib
import json
from datetime import UTC, datetime

import pytest

from configuration.checking.texts import KEPT_FREE
from models.image_template import ImageTemplatePlan, ScriptReference
from models.pipeline_record import BuiltScript
from models.stage_messages import UploadedScripts
from policies.builds.image_template_body import (
    image_template_body,
    image_template_name,
    lineage_tags,
    scripts_digest,
    without_keys,
)

ENDPOINT = "https://127.0.0.1:1/account/"
SCRIPTS = UploadedScripts(
    blob_endpoint=ENDPOINT,
    scripts=(BuiltScript(path="linux/a.sh", sha256="aa" * 32), BuiltScript(path="linux/check.sh", sha256="bb" * 32)),
)


def reference(pointer, path):
    return ScriptReference(
        pointer=pointer, address="https://x/y", account="x", container="aibscripts", path=path, source_file=path
    )


@pytest.fixture
def plan():
    return ImageTemplatePlan(
        base_name="lin_it",
        resource_group="rg",
        location="westeurope",
        identity_name="msi",
        identity_resource_group="rg",
        tags={"owner": "platform"},
        properties={
            "customize": [
                {"type": "Shell", "inline": ["echo"]},
                {"type": "Shell", "scriptUri": "https://x/y", "sha256Checksum": "cc" * 32},
                {"type": "File", "sourceUri": "https://x/y", "destination": "/tmp/a"},
            ],
            "validate": {"inVMValidations": [{"type": "Shell", "scriptUri": "https://x/y"}]},
            "distribute": [{"type": "SharedImage", "artifactTags": {"baseosimg": "ubuntu"}}, {"type": "VHD"}],
        },
        build_timeout_minutes=0,
        scripts=(
            reference("customize[1].scriptUri", "linux/a.sh"),
            reference("customize[2].sourceUri", "linux/a.sh"),
            reference("validate.inVMValidations[0].scriptUri", "linux/check.sh"),
        ),
    )


def body(plan):
    return image_template_body(plan, "/identity", SCRIPTS, {"imageBakeryRun": "r1"})


def test_scripts_of_ours_are_read_from_the_account_that_azure_tells(plan):
    properties = body(plan)["properties"]
    assert properties["customize"][1]["scriptUri"] == f"{ENDPOINT}aibscripts/linux/a.sh"
    assert properties["customize"][2]["sourceUri"] == f"{ENDPOINT}aibscripts/linux/a.sh"
    assert properties["validate"]["inVMValidations"][0]["scriptUri"] == f"{ENDPOINT}aibscripts/linux/check.sh"


def test_a_script_has_the_checksum_of_what_was_uploaded_unless_the_operator_gave_one(plan):
    properties = body(plan)["properties"]
    assert properties["customize"][1]["sha256Checksum"] == "cc" * 32
    assert properties["customize"][2]["sha256Checksum"] == "aa" * 32
    assert properties["validate"]["inVMValidations"][0]["sha256Checksum"] == "bb" * 32


def test_template_and_artifacts_carry_the_operators_tags_and_the_lineage(plan):
    template = body(plan)
    assert template["tags"] == {"owner": "platform", "imageBakeryRun": "r1"}
    assert template["properties"]["distribute"][0]["artifactTags"] == {"baseosimg": "ubuntu", "imageBakeryRun": "r1"}
    assert template["properties"]["distribute"][1]["artifactTags"] == {"imageBakeryRun": "r1"}


def test_the_template_has_exactly_the_identity_that_builds(plan):
    assert body(plan)["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {"/identity": {}}}


def test_the_plan_itself_stays_as_the_operator_wrote_it(plan):
    before = json.dumps(plan.to_payload())
    body(plan)
    assert json.dumps(plan.to_payload()) == before


def test_a_name_is_the_base_and_the_time():
    name = image_template_name("lin_it", datetime(2026, 3, 11, 4, 5, 6, tzinfo=UTC))
    assert name == "lin_it-2026-03-11-04-05-06"


def test_the_digest_of_the_scripts_is_what_sha256sum_prints():
    lines = f"{'aa' * 32}  linux/a.sh\n{'bb' * 32}  linux/check.sh\n"
    assert scripts_digest(SCRIPTS.scripts) == hashlib.sha256(lines.encode()).hexdigest()
    assert scripts_digest(SCRIPTS.scripts[::-1]) == scripts_digest(SCRIPTS.scripts)


def test_lineage_tags_have_names_and_values_that_azure_takes():
    for name, value in lineage_tags("linux-20260311-030000-00000a", "linux", SCRIPTS.scripts).items():
        assert not set(name) & set("<>%&\\?/")
        assert len(value) <= 256


def test_a_key_in_the_address_of_a_script_goes_no_further_and_changes_nothing(plan):
    signed = "https://x/y?sv=2025&sig=c2VjcmV0"
    properties = json.loads(json.dumps(plan.properties).replace("https://x/y", signed))
    scripts = tuple(script.model_copy(update={"address": signed}) for script in plan.scripts)
    careless = plan.model_copy(update={"properties": properties, "scripts": scripts})
    assert without_keys(careless) == plan
    assert body(without_keys(careless)) == body(careless)


def test_the_apps_own_tags_fit_beside_as_many_as_an_operator_may_write():
    assert len(lineage_tags("r", "linux", SCRIPTS.scripts)) <= KEPT_FREE
