"""Image templates with every property set, as they reach Azure."""

import copy
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from models.image_template import ImageTemplatePlan
from tests.configuration.conftest import DEFINITION_ID, SCRIPTS, SUBSCRIPTION, TEMPLATE, Folder, parameters, whole

SHA256 = "0123456789abcdef" * 4
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-images"
SUBNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets"
WINDOWS_ID = DEFINITION_ID.replace("images/linux", "images/win")
COMMON: dict[str, Any] = {
    "userMsiName": "id-images",
    "userMsiResourceGroup": "rg-images",
    "location": "West Europe",
    "buildTimeoutInMinutes": 180,
    "osDiskSizeGB": 128,
    "vmUserAssignedIdentities": [f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-build"],
    "additionalDataDisks": [{"sizeGB": 32}, {"sizeGB": 64}],
    "stagingResourceGroup": f"{GROUP}-staging",
    "managedResourceTags": {"team": "images"},
    "tags": {"team": "images"},
    "errorHandling": {"onCustomizerError": "abort", "onValidationError": "cleanup"},
    "autoRun": {"state": "Disabled"},
    "managedImageName": "managed",
    "unManagedImageName": "disk",
}
LINUX: dict[str, Any] = {
    **COMMON,
    "name": "it-linux",
    "imageSource": {
        "type": "PlatformImage",
        "publisher": "canonical",
        "offer": "ubuntu-pro",
        "sku": "server",
        "version": "24.4.1",
        "planInfo": {"planName": "pro", "planProduct": "ubuntu", "planPublisher": "canonical"},
    },
    "customizationSteps": [
        {"type": "Shell", "name": "By address", "scriptUri": f"{SCRIPTS}/linux/install_tools.sh"},
        {"type": "Shell", "name": "Theirs", "scriptUri": "https://example.org/a.sh", "sha256Checksum": SHA256},
        {"type": "Shell", "name": "Commands", "inline": ["echo '<b>' > ${HOME}/x\r", "true"]},
        {
            "type": "File",
            "name": "A file",
            "sourceUri": f"{SCRIPTS}/versions.env",
            "destination": "/tmp/versions.env",
            "sha256Checksum": SHA256,
        },
    ],
    "validate": {
        "continueDistributeOnFailure": False,
        "sourceValidationOnly": False,
        "inVMValidations": [
            {"type": "Shell", "name": "Commands", "inline": ["true"]},
            {"type": "Shell", "name": "By address", "scriptUri": f"{SCRIPTS}/linux/shared.sh"},
            {"type": "File", "name": "A file", "sourceUri": "https://example.org/b", "destination": "b"},
        ],
    },
    "optimize": {
        "vmBoot": {"state": "Enabled"},
        "workload": {"state": "Enabled", "scriptUri": "https://example.org/c.sh", "sha256Checksum": SHA256},
    },
    "vmSize": "Standard_D4s_v5",
    "subnetId": f"{SUBNETS}/build",
    "vnetConfig": {"containerInstanceSubnetId": f"{SUBNETS}/containers"},
    "sigImageDefinitionId": DEFINITION_ID,
    "targetRegions": [
        {"name": "West Europe", "replicaCount": 3, "storageAccountType": "Standard_ZRS"},
        {"name": "northeurope", "replicaCount": 1, "storageAccountType": "Standard_LRS"},
    ],
    "excludeFromLatest": True,
    "versioning": {"scheme": "Latest", "major": 4},
    "replicationMode": "Full",
}
WINDOWS: dict[str, Any] = {
    **COMMON,
    "name": "it-win",
    "imageSource": {"type": "SharedImageVersion", "imageVersionID": f"{WINDOWS_ID}/versions/latest"},
    "customizationSteps": [
        {
            "type": "PowerShell",
            "name": "By address",
            "scriptUri": f"{SCRIPTS}/windows/install_tools.ps1",
            "sha256Checksum": SHA256,
            "runElevated": True,
            "runAsSystem": True,
            "validExitCodes": [0, 3010],
        },
        {"type": "PowerShell", "name": "Commands", "inline": ["Get-ChildItem 'C:\\tools\\'"], "runElevated": False},
        {"type": "File", "name": "A file", "sourceUri": f"{SCRIPTS}/versions.env", "destination": "C:\\versions.env"},
        {
            "type": "WindowsUpdate",
            "name": "Updates",
            "searchCriteria": "IsInstalled=0",
            "filters": ["exclude:$_.Title -like '*Preview*'", "include:$true"],
            "updateLimit": 40,
        },
        {
            "type": "WindowsRestart",
            "name": "Restart",
            "restartCommand": "shutdown /r /f /t 0",
            "restartCheckCommand": "echo up > C:\\up.txt",
            "restartTimeout": "20m",
        },
    ],
    "validate": {
        "continueDistributeOnFailure": True,
        "sourceValidationOnly": True,
        "inVMValidations": [
            {
                "type": "PowerShell",
                "name": "Commands",
                "inline": ["Get-Command pwsh"],
                "runElevated": True,
                "runAsSystem": False,
                "validExitCodes": [0],
            },
            {"type": "PowerShell", "name": "By address", "scriptUri": "https://example.org/d.ps1"},
            {"type": "File", "name": "A file", "sourceUri": "https://example.org/e", "destination": "C:\\e"},
        ],
    },
    "optimize": {"vmBoot": {"state": "Disabled"}, "workload": {"state": "Disabled"}},
    "vmSize": "Standard_D8s_v5",
    "vnetConfig": {"subnetId": f"{SUBNETS}/build", "proxyVmSize": "Standard_A1_v2"},
    "sigImageDefinitionId": WINDOWS_ID,
    "imageReplicationRegions": ["westeurope", "northeurope"],
    "storageAccountType": "Premium_LRS",
    "excludeFromLatest": False,
    "versioning": {"scheme": "Source"},
    "replicationMode": "Shallow",
}

BOTH_SYSTEMS = pytest.mark.parametrize(
    ("image", "os_type", "members"), [("linux", "Linux", LINUX), ("win", "Windows", WINDOWS)], ids=["linux", "windows"]
)


def plan_of(folder: Folder, image: str, os_type: str, content: Any) -> ImageTemplatePlan:
    folder.pipeline["images"] = [{"name": image, "osType": os_type}]
    folder.infrastructure["acgParam"]["value"]["images"][0].update(
        planName="pro", productName="ubuntu", planPublisherName="canonical"
    )
    del folder.files[TEMPLATE]
    folder.files["sbx.imageTemplate.json"] = content
    reading = folder.read()
    plan = reading.stage_plan("sbx", image)
    assert plan, reading.faults
    return plan.image_template


@BOTH_SYSTEMS
def test_every_property_reaches_azure(
    folder: Folder, snapshot: SnapshotAssertion, image: str, os_type: str, members: dict[str, Any]
) -> None:
    template = plan_of(folder, image, os_type, parameters(**members))
    assert template.properties == snapshot(extension_class=JSONSnapshotExtension)


@BOTH_SYSTEMS
def test_a_whole_template_goes_through_as_it_is(
    folder: Folder, image: str, os_type: str, members: dict[str, Any]
) -> None:
    first = copy.deepcopy(folder)
    properties = plan_of(first, image, os_type, parameters(**members)).properties
    assert plan_of(folder, image, os_type, whole(properties=properties)).properties == properties


def test_distributors_may_stand_in_arms_form(folder: Folder) -> None:
    distribute = [
        {"type": "SharedImage", "runOutputName": "version", "artifactTags": {"team": "images"}},
        {"type": "VHD", "runOutputName": "disk", "uri": "https://example.org/vhds/a.vhd"},
        {"type": "ManagedImage", "runOutputName": "m", "imageId": f"{GROUP}/providers/Microsoft.Compute/images/m"},
    ]
    plan = plan_of(folder, "linux", "Linux", parameters(**folder.template, distribute=distribute))
    additions = [{"galleryImageId": DEFINITION_ID}, {}, {"location": "westeurope"}]
    assert plan.properties["distribute"] == [one | more for one, more in zip(distribute, additions, strict=True)]


@pytest.mark.parametrize("key", ["managedImageName", "unManagedImageName", "replicationMode"])
def test_distributors_in_arms_form_stand_alone(folder: Folder, key: str) -> None:
    folder.template["distribute"] = [{"type": "VHD", "runOutputName": "disk"}]
    folder.template[key] = {"replicationMode": "Full"}.get(key, "image")
    assert [fault.path for fault in folder.read().faults] == [f"parameters.itParam.value.{key}"]
