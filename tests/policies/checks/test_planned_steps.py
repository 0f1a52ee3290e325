import itertools

import pytest

from models.configuration import Approval
from models.image_build import ImageRunState
from models.pipeline_run import Scope, Stage
from models.resources import ImageTemplateReference, ProvisioningState
from models.template_removal import FoundImageTemplate
from policies.checks.planned_steps import StageOutlook, planned_steps
from tests.stage_plan import COMPUTE, SHARED, SOURCE, SUBSCRIPTION, stage_plan


def outlook_of(scope=Scope.ALL, *, removes=True, waits=True, **known):
    stage = Stage(
        run_id="r",
        image="linux",
        scope=scope,
        environment="sbx",
        remove_image_templates=removes,
        wait_for_image_build=waits,
    )
    return StageOutlook(**{"stage": stage, "plan": stage_plan(), **known})


def told(outlook):
    return {step.name: " ".join(step.does) for step in planned_steps(outlook)}


IMAGE_STEPS = ["imageTemplate", "build", "publication"]
STEPS = {
    Scope.ALL: ["infrastructure", "scripts", *IMAGE_STEPS],
    Scope.ONLY_REMOVAL: [],
    Scope.ONLY_INFRASTRUCTURE: ["infrastructure", "scripts"],
    Scope.ONLY_ASSETS_AND_IMAGE: ["infrastructure", "scripts", *IMAGE_STEPS],
    Scope.ONLY_IMAGE: ["scripts", *IMAGE_STEPS],
}


@pytest.mark.parametrize(("scope", "removes"), list(itertools.product(Scope, (True, False))))
def test_the_steps_are_those_of_the_scope(scope, removes):
    removal = ["removal"] if removes or scope is Scope.ONLY_REMOVAL else []
    assert list(told(outlook_of(scope, removes=removes))) == ["check", *removal, *STEPS[scope]]


def test_the_infrastructure_is_told_with_its_names():
    words = told(outlook_of())["infrastructure"]
    for name in ("resource group rg", "account scripts", "identity msi", "gallery g", "aibscripts", "definition linux"):
        assert name in words
    assert "Gives this app the role Storage Blob Data Contributor on aibscripts" in words
    assert "Gives msi the role Contributor on g" in words


def test_only_assets_make_no_more_than_the_storage():
    words = told(outlook_of(Scope.ONLY_ASSETS_AND_IMAGE))["infrastructure"]
    assert "account scripts" in words
    assert not any(name in words for name in ("resource group", "identity", "gallery"))


@pytest.mark.parametrize(("scope", "words"), [(Scope.ALL, "Uploads"), (Scope.ONLY_IMAGE, "Looks for")])
def test_scripts_are_uploaded_or_looked_for(scope, words):
    assert told(outlook_of(scope))["scripts"].startswith(f"{words} linux/a.sh")


def template(name, state=ProvisioningState.SUCCEEDED, run_state=ImageRunState.SUCCEEDED):
    reference = ImageTemplateReference(subscription_id="s", resource_group="rg", name=name)
    return FoundImageTemplate(template=reference, state=state, run_state=run_state, tags={})


def test_earlier_templates_are_removed_or_kept_with_the_reason():
    old, busy, other = "lin_it-2026-01-01-00-00-00", "lin_it-2026-01-02-00-00-00", "lin_it2-2026-01-01-00-00-00"
    found = (template(old), template(busy, run_state=ImageRunState.RUNNING), template(other))
    words = told(outlook_of(templates=found))["removal"]
    assert f"{old}, and removes it" in words
    assert f"Leaves the image template {busy} alone: Its build is Running" in words
    assert other not in words


@pytest.mark.parametrize(("templates", "words"), [((), "Finds no earlier"), (None, "whichever there are")])
def test_that_there_are_none_is_another_thing_than_that_azure_did_not_tell(templates, words):
    assert words in told(outlook_of(templates=templates))["removal"]


def test_an_approval_comes_first_with_who_may_decide():
    approval = Approval(approvers=("a@x", "b@x"), timeout_minutes=90, not_by_starter=True)
    steps = told(outlook_of(approval=approval))
    assert next(iter(steps)) == "approval"
    for words in ("90 minutes", "a@x or b@x", "not by the one who started"):
        assert words in steps["approval"]
    assert "anyone" in told(outlook_of(approval=Approval(timeout_minutes=1)))["approval"]


def test_registrations_are_told():
    assert f"Microsoft.Storage in {SUBSCRIPTION}" in told(outlook_of(unregistered=("Microsoft.Storage",)))["check"]


@pytest.mark.parametrize(("waits", "words"), [(True, "Waits for the end"), (False, "ends as Triggered")])
def test_whether_the_build_is_waited_for_is_told(waits, words):
    build = told(outlook_of(waits=waits))["build"]
    assert words in build
    assert "60 minutes" in build


def test_a_time_out_of_nothing_is_azures_own():
    assert "240 minutes" in told(outlook_of(plan=stage_plan(build_timeout_minutes=0)))["build"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SOURCE, "Canonical:ubuntu:server:latest"),
        ({"type": "SharedImageVersion", "imageVersionId": f"{COMPUTE}/galleries/h/images/i/versions/latest"},
         "version latest of i in the compute gallery h"),
        ({"type": "ManagedImage", "imageId": f"{COMPUTE}/images/golden"}, "managed image golden"),
    ],
)  # fmt: skip
def test_the_source_is_told(source, words):
    assert words in told(outlook_of(plan=stage_plan(source=source)))["imageTemplate"]


@pytest.mark.parametrize(
    ("distributor", "words"),
    [
        (SHARED, "a version of linux in the compute gallery g."),
        (SHARED | {"replicationRegions": ["westeurope", "eastus"]}, "to westeurope, eastus."),
        (SHARED | {"targetRegions": [{"name": "eastus"}], "excludeFromLatest": True}, "eastus, which latest leaves"),
        ({"type": "ManagedImage", "imageId": f"{COMPUTE}/images/mine"}, "managed image mine"),
        ({"type": "VHD", "runOutputName": "disk"}, "VHD disk"),
    ],
)
def test_each_distribution_is_told(distributor, words):
    assert words in told(outlook_of(plan=stage_plan(distribute=[distributor])))["publication"]


def test_a_role_is_told_by_the_name_that_it_is_given_under():
    for deployed, name in ((frozenset(), "Contributor"), (frozenset({"imageVersionWriter"}), "image version writer")):
        assert f"{name} on g" in told(outlook_of(custom_roles=deployed))["infrastructure"]
