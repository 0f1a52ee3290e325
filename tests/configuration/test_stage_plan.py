"""What becomes of valid files."""

import os
from pathlib import Path
from typing import Any

import pytest

from configuration.reading import read_configuration
from models.configuration import Approval, PatchSchedule, StagePlan
from tests.configuration.conftest import DEFINITION_ID, INFRASTRUCTURE, SCRIPTS, SUBSCRIPTION, TEMPLATE, Folder


def plan_of(folder: Folder) -> StagePlan:
    reading = folder.read()
    plan = reading.stage_plan("sbx", "linux")
    assert plan, reading.faults
    return plan


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (None, None),
        ({}, Approval(approvers=(), timeout_minutes=10_080, not_by_starter=False)),
        ({"approvers": []}, Approval(approvers=(), timeout_minutes=10_080, not_by_starter=False)),
        (
            {"approvers": ["ada@example.org", "Bo@Example.org"], "timeoutMinutes": 86_400, "notByStarter": True},
            Approval(approvers=("ada@example.org", "Bo@Example.org"), timeout_minutes=86_400, not_by_starter=True),
        ),
    ],
)
def test_an_environment_may_ask_for_an_approval(folder: Folder, written: Any, read: Approval | None) -> None:
    assert plan_of(folder).environment.approval is None
    folder.pipeline["environments"][0]["approval"] = written
    assert plan_of(folder).environment.approval == read


@pytest.mark.parametrize(
    ("of_all", "of_image", "read"),
    [
        (None, None, PatchSchedule(environments=("sbx",))),
        ({}, {}, PatchSchedule(environments=("sbx",))),
        ({"enabled": False}, None, None),
        (None, {"enabled": False}, None),
        ({"enabled": False}, {"enabled": True}, PatchSchedule(environments=("sbx",))),
        ({"time": "05:30", "always": True}, None, PatchSchedule(environments=("sbx",), time="05:30", always=True)),
        ({"time": "05:30", "always": True}, {"time": ""}, PatchSchedule(environments=("sbx",))),
        (
            None,
            {
                "daysAfterPatchTuesday": 20,
                "time": "23:59",
                "timeZone": "Pacific/Apia",
                "startEnvironment": "SBX",
                "stopEnvironment": "sbx",
                "failuresBeforePause": 24,
            },
            PatchSchedule(
                days_after_patch_tuesday=20,
                time="23:59",
                time_zone="Pacific/Apia",
                environments=("sbx",),
                failures_before_pause=24,
            ),
        ),
    ],
)
def test_an_image_is_patched_as_it_says_or_else_as_all_are(
    folder: Folder, of_all: Any, of_image: Any, read: PatchSchedule | None
) -> None:
    folder.pipeline["schedule"] = of_all
    folder.pipeline["images"][0]["schedule"] = of_image
    assert plan_of(folder).image.schedule == read


@pytest.mark.parametrize(
    ("asked", "environments"),
    [
        ({}, ("sbx", "tst", "prd")),
        ({"startEnvironment": "tst"}, ("tst", "prd")),
        ({"stopEnvironment": "Tst"}, ("sbx", "tst")),
        ({"startEnvironment": "tst", "stopEnvironment": "tst"}, ("tst",)),
    ],
)
def test_a_patch_goes_through_the_environments_that_the_schedule_asks_for(
    folder: Folder, asked: dict[str, str], environments: tuple[str, ...]
) -> None:
    first = folder.pipeline["environments"][0]
    folder.pipeline["environments"] += [{**first, "name": "tst"}, {**first, "name": "prd"}]
    folder.pipeline["schedule"] = asked
    pipeline = folder.read().pipeline
    assert pipeline
    assert [image.schedule and image.schedule.environments for image in pipeline.images] == [environments]


def test_a_definition_has_the_defaults_of_todays_modules(folder: Folder) -> None:
    definition = plan_of(folder).infrastructure.image_definitions[0]
    assert definition.arm_properties == {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V1",
        "architecture": "x64",
        "identifier": {"publisher": "we", "offer": "linux", "sku": "lts"},
        "recommended": {"vCPUs": {"min": 1, "max": 4}, "memory": {"min": 4, "max": 16}},
    }
    assert (definition.security_type, definition.plan) == (None, None)


def test_a_definition_takes_what_it_is_given(folder: Folder) -> None:
    folder.infrastructure["acgParam"]["value"]["images"][0].update(
        hyperVGeneration="V2",
        securityType="TrustedLaunchSupported",
        maxRecommendedvCPUs=64,
        planName="pro",
        productName="ubuntu",
        planPublisherName="canonical",
        endOfLife="2029-04-30",
        excludedDiskTypes=["Standard_LRS"],
        description="",
        tags={"owner": "", "team": "images"},
    )
    definition = plan_of(folder).infrastructure.image_definitions[0]
    assert definition.arm_properties["features"] == [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
    assert definition.arm_properties["recommended"]["vCPUs"] == {"min": 1, "max": 64}
    assert definition.arm_properties["purchasePlan"] == {"name": "pro", "product": "ubuntu", "publisher": "canonical"}
    assert definition.arm_properties["endOfLifeDate"] == "2029-04-30T00:00:00Z"
    assert definition.arm_properties["disallowed"] == {"diskTypes": ["Standard_LRS"]}
    assert "description" not in definition.arm_properties
    assert definition.tags == {"owner": "", "team": "images"}


def test_the_first_container_is_the_one_for_the_scripts(folder: Folder) -> None:
    assert plan_of(folder).infrastructure.containers == ("aibscripts",)
    folder.infrastructure["saParam"]["value"]["blobServices"] = {
        "containers": [{"name": "aibscripts"}, {"name": "more"}]
    }
    assert plan_of(folder).infrastructure.containers == ("aibscripts", "more")


def test_a_template_goes_to_the_one_definition_for_its_system(folder: Folder) -> None:
    template = plan_of(folder).image_template
    assert template.image_definition_id == DEFINITION_ID
    assert template.distribution_targets == (DEFINITION_ID,)
    assert template.properties["distribute"] == [
        {
            "type": "SharedImage",
            "runOutputName": "sharedImage",
            "galleryImageId": DEFINITION_ID,
            "targetRegions": [{"name": "westeurope"}],
        }
    ]
    assert (template.base_name, template.identity_resource_group) == ("it-linux", "rg-images")


def test_empty_members_are_left_out(folder: Folder) -> None:
    folder.template.update(
        buildTimeoutInMinutes=0, subnetId="", imageReplicationRegions=[], vmSize="", customizationSteps=[], tags=None
    )
    template = plan_of(folder).image_template
    assert sorted(template.properties) == ["buildTimeoutInMinutes", "distribute", "source"]
    assert template.build_timeout_minutes == 0


def test_everything_finds_its_place_in_the_properties(folder: Folder) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers"
    subnet = f"{group}/Microsoft.Network/virtualNetworks/v/subnets"
    folder.template.update(
        imageSource={"type": "SharedImageVersion", "imageVersionID": f"{DEFINITION_ID}/versions/latest"},
        vmSize="Standard_D4s_v5",
        osDiskSizeGB=64,
        vmUserAssignedIdentities=[f"{group}/Microsoft.ManagedIdentity/userAssignedIdentities/vm-id"],
        subnetId=f"{subnet}/build",
        vnetConfig={"containerInstanceSubnetId": f"{subnet}/containers"},
        additionalDataDisks=[{"sizeGB": 8}],
        stagingResourceGroup=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/staging",
        managedResourceTags={"team": "images"},
        sigImageDefinitionId=DEFINITION_ID,
        imageReplicationRegions=["West Europe", "northeurope"],
        storageAccountType="Standard_ZRS",
        excludeFromLatest=True,
        versioning={"scheme": "Latest", "major": 2},
        replicationMode="Shallow",
        managedImageName="managed",
        unManagedImageName="vhd",
        optimize={"vmBoot": {"state": "Enabled"}},
        errorHandling={"onCustomizerError": "abort"},
        validate={"sourceValidationOnly": False, "inVMValidations": [{"type": "Shell", "inline": ["true"]}]},
        tags={"team": "images"},
    )
    template = plan_of(folder).image_template
    assert template.tags == {"team": "images"}
    assert template.distribution_targets == (
        DEFINITION_ID,
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-images/providers/Microsoft.Compute/images/managed",
    )
    assert template.properties == {
        "source": {"type": "SharedImageVersion", "imageVersionId": f"{DEFINITION_ID}/versions/latest"},
        "customize": [{"type": "Shell", "name": "Tools", "scriptUri": f"{SCRIPTS}/linux/install_tools.sh"}],
        "optimize": {"vmBoot": {"state": "Enabled"}},
        "validate": {"sourceValidationOnly": False, "inVMValidations": [{"type": "Shell", "inline": ["true"]}]},
        "errorHandling": {"onCustomizerError": "abort"},
        "vmProfile": {
            "vmSize": "Standard_D4s_v5",
            "osDiskSizeGB": 64,
            "userAssignedIdentities": [f"{group}/Microsoft.ManagedIdentity/userAssignedIdentities/vm-id"],
            "vnetConfig": {"subnetId": f"{subnet}/build", "containerInstanceSubnetId": f"{subnet}/containers"},
        },
        "additionalDataDisks": [{"sizeGB": 8}],
        "stagingResourceGroup": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/staging",
        "managedResourceTags": {"team": "images"},
        "distribute": [
            {
                "type": "SharedImage",
                "runOutputName": "sharedImage",
                "galleryImageId": DEFINITION_ID,
                "replicationRegions": ["westeurope", "northeurope"],
                "storageAccountType": "Standard_ZRS",
                "excludeFromLatest": True,
                "versioning": {"scheme": "Latest", "major": 2},
                "replicationMode": "Shallow",
            },
            {
                "type": "ManagedImage",
                "runOutputName": "managedImage",
                "imageId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-images/providers"
                "/Microsoft.Compute/images/managed",
                "location": "westeurope",
            },
            {"type": "VHD", "runOutputName": "vhd"},
        ],
    }


def test_a_template_for_a_managed_image_publishes_no_version(folder: Folder) -> None:
    folder.template["managedImageName"] = "managed"
    template = plan_of(folder).image_template
    assert template.image_definition_id is None
    assert [each["type"] for each in template.properties["distribute"]] == ["ManagedImage"]


def test_each_script_of_ours_is_pointed_at(folder: Folder) -> None:
    folder.template.update(
        customizationSteps=[
            {"type": "File", "sourceUri": f"{SCRIPTS}/versions.env?<SAS>", "destination": "/tmp/versions.env"},
            {"type": "Shell", "scriptUri": "https://example.org/theirs.sh"},
            {"type": "Shell", "scriptUri": f"{SCRIPTS}/shared.sh"},
        ],
        validate={"inVMValidations": [{"type": "Shell", "scriptUri": f"{SCRIPTS}/linux/install%5Ftools.sh"}]},
    )
    scripts = plan_of(folder).image_template.scripts
    assert [(script.pointer, script.path, script.source_file) for script in scripts] == [
        ("customize[0].sourceUri", "versions.env", "versions.env"),
        ("customize[2].scriptUri", "shared.sh", "linux/shared.sh"),
        ("validate.inVMValidations[0].scriptUri", "linux/install_tools.sh", "linux/install_tools.sh"),
    ]
    assert {(script.account, script.container) for script in scripts} == {("stscripts", "aibscripts")}


def test_commands_that_fetch_with_a_key_become_file_customizers_in_their_place(folder: Folder) -> None:
    lines = [
        "echo 1",
        f"wget '{SCRIPTS}/shared.sh<SAS>' -O 'shared.sh'",
        f"curl -o versions.env '{SCRIPTS}/versions.env<SAS>'",
        "sed -i 's/\r$//' 'shared.sh'",
    ]
    folder.template["customizationSteps"] = [{"type": "Shell", "name": "All", "inline": lines}]
    reading = folder.read()
    plan = reading.stage_plan("sbx", "linux")
    assert plan
    steps = plan.image_template.properties["customize"]
    assert steps == [
        {"type": "Shell", "name": "All", "inline": ["echo 1"]},
        {"type": "File", "name": "Fetch shared.sh", "sourceUri": f"{SCRIPTS}/shared.sh", "destination": "shared.sh"},
        {
            "type": "File",
            "name": "Fetch versions.env",
            "sourceUri": f"{SCRIPTS}/versions.env",
            "destination": "versions.env",
        },
        {"type": "Shell", "name": "All", "inline": ["sed -i 's/\r$//' 'shared.sh'"]},
    ]
    step = "parameters.itParam.value.customizationSteps[0]"
    assert [remark.path for remark in reading.remarks] == [f"{step}.inline[1]", f"{step}.inline[2]"]


def test_a_fault_after_a_split_step_names_the_place_in_the_file(folder: Folder) -> None:
    fetch = f"wget {SCRIPTS}/shared.sh<SAS>"
    folder.template["customizationSteps"] = [
        {"type": "Shell", "inline": ["true", fetch, 7]},
        {"type": "Shell", "inlin": ["true"]},
    ]
    steps = "parameters.itParam.value.customizationSteps"
    assert {f"{steps}[0].inline[2]", f"{steps}[1].inlin"} <= {fault.path for fault in folder.read().faults}


def test_commands_and_comments_may_look_like_placeholders(folder: Folder) -> None:
    folder.template["customizationSteps"] = [
        {"type": "Shell", "inline": ["echo '<b>{x}</b>' > ${HOME}/PLACEHOLDER", "[ -f xxxx ]"]},
    ]
    folder.write()
    text = (folder.path / TEMPLATE).read_text()
    folder.files[TEMPLATE] = text.replace("{", "{ // <YourStorageAccount>\n", 1).encode()
    assert folder.read().faults == ()


def test_the_one_image_needs_no_name_in_the_file(folder: Folder) -> None:
    folder.files["sbx.imageTemplate.parameters.json"] = folder.files.pop(TEMPLATE)
    assert plan_of(folder).image_template.base_name == "it-linux"


def add_environment_and_image(folder: Folder) -> None:
    folder.pipeline["environments"].append({"name": "prd", "subscriptionId": SUBSCRIPTION, "location": "westeurope"})
    folder.pipeline["images"].append({"name": "windows", "osType": "Windows"})


def test_faults_of_files_that_a_run_does_not_use_do_not_block_it(folder: Folder) -> None:
    add_environment_and_image(folder)
    reading = folder.read()
    assert reading.faults_for(["sbx"], "linux") == ()
    assert reading.stage_plan("sbx", "linux")
    assert {fault.file for fault in reading.faults_for(["sbx", "prd"], "linux")} == {
        "prd.imageInfra.parameters.json",
        "prd.imageTemplate.linux.parameters.json",
    }
    assert reading.stage_plan("prd", "linux") is None
    assert reading.stage_plan("sbx", "windows") is None
    assert reading.stage_plan("sbx", "unknown") is None


def test_a_missing_file_is_told_with_the_one_that_may_be_meant(folder: Folder) -> None:
    folder.files["sbx.imageInfar.parameters.json"] = folder.files.pop(INFRASTRUCTURE)
    (fault,) = folder.read().faults
    assert (fault.file, fault.problem) == (INFRASTRUCTURE, "the file is missing")
    assert "sbx.imageInfar.parameters.json" in fault.instead


def test_a_folder_that_is_not_there_has_one_fault(tmp_path: Path) -> None:
    reading = read_configuration(tmp_path / "nowhere", tmp_path)
    assert [(fault.file, fault.problem) for fault in reading.faults] == [("pipeline.json", "the file is missing")]
    assert reading.pipeline is None


def test_a_pipe_in_place_of_a_file_is_told_and_not_waited_for(folder: Folder) -> None:
    folder.read()
    (folder.path / INFRASTRUCTURE).unlink()
    os.mkfifo(folder.path / INFRASTRUCTURE)
    (fault,) = read_configuration(folder.path, folder.customization).faults
    assert (fault.file, fault.problem) == (INFRASTRUCTURE, "the file cannot be read: it is no regular one")


def test_a_folder_in_place_of_a_file_is_told(folder: Folder) -> None:
    del folder.files[INFRASTRUCTURE]
    (folder.path / INFRASTRUCTURE).mkdir()
    assert "cannot be read" in folder.read().faults[0].problem


@pytest.mark.parametrize("pipeline", [b"{", {"environments": []}])
def test_faults_of_all_files_come_in_one_report(folder: Folder, pipeline: Any) -> None:
    folder.files["pipeline.json"] = pipeline
    folder.infrastructure["saParam"]["value"]["name"] = "ST"
    folder.template["imageSource"]["version"] = "newest"
    assert {fault.file for fault in folder.read().faults} == {"pipeline.json", INFRASTRUCTURE, TEMPLATE}


def test_faults_stand_in_the_order_of_the_files(folder: Folder) -> None:
    folder.template.update(zzz=1, imageSource={"type": "Nothing"}, name="{base}")
    faults = folder.read().faults
    places = [(fault.line, fault.column) for fault in faults]
    assert len(places) == 3
    assert places == sorted(places, key=lambda place: (place[0] or 0, place[1] or 0))


def test_a_storage_account_type_alone_is_for_the_location_of_the_template(folder: Folder) -> None:
    folder.template["storageAccountType"] = "Standard_ZRS"
    (shared,) = plan_of(folder).image_template.properties["distribute"]
    assert (shared["replicationRegions"], shared["storageAccountType"]) == (["westeurope"], "Standard_ZRS")
    assert "targetRegions" not in shared


def test_there_is_no_plan_while_the_files_disagree(folder: Folder) -> None:
    folder.template["userMsiName"] = "id-others"
    assert folder.read().stage_plan("sbx", "linux") is None


def test_a_fault_is_told_once(folder: Folder) -> None:
    del folder.template["imageSource"]
    assert [fault.path for fault in folder.read().faults] == ["parameters.itParam.value.imageSource"]
