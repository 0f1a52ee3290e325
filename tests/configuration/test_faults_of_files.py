"""What an operator may write wrongly in one file, and what the report says of it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.configuration.conftest import DEFINITION_ID, INFRASTRUCTURE, SCRIPTS, SUBSCRIPTION, TEMPLATE, Folder

IT = "parameters.itParam.value"
ACG = "parameters.acgParam.value"
VERSION_ID = f"{DEFINITION_ID}/versions/1.0.0"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/staging"
OTHER_GROUP_ID = GROUP_ID.replace("1111-", "2222-", 1)
SUBNET_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
Told = Callable[[], dict[str, tuple[str, str]]]


def shell(**members: Any) -> dict[str, Any]:
    return {"type": "Shell", **members}


def power_shell(**members: Any) -> dict[str, Any]:
    return {"type": "PowerShell", "inline": ["Get-Date"], **members}


def test_the_folder_of_these_tests_has_no_fault(folder: Folder) -> None:
    reading = folder.read()
    assert (reading.faults, reading.remarks) == ((), ())


PIPELINE_FAULTS: list[tuple[str, Any, str, str, str]] = [
    ("environments", "sbx", "environments", "a text stands where a list belongs", '["…"]'),
    ("images", None, "images", "it is empty", "a value"),
    ("enviroments", [], "enviroments", "unknown", "environments"),
    ("approval", {"approvers": []}, "approval", "unknown", "environments.approval"),
    ("schedule", "0 0 3 * * *", "schedule", "a text stands where an object belongs", '"time": "03:00"'),
    ("schedule", False, "schedule", "true or false stands where an object belongs", '{"enabled": false}'),
    ("schedule", ["03:00"], "schedule", "a list stands where an object belongs", "an object"),
    ("retention", {}, "retention", "not supported by this version", "leave the key out"),
    ("notifications", [{}], "notifications", "not supported by this version", "leave the key out"),
]


@pytest.mark.parametrize("case", PIPELINE_FAULTS)
def test_a_fault_of_the_pipeline_is_told(folder: Folder, told: Told, case: tuple[str, Any, str, str, str]) -> None:
    key, value, path, problem, instead = case
    folder.pipeline[key] = value
    assert_tells(told(), path, problem, instead)


@pytest.mark.parametrize(
    ("key", "value", "problem", "instead"),
    [
        ("name", "s b x", "file names", "40"),
        ("name", "../sbx", "file names", "40"),
        ("subscriptionId", "1111", "GUID", "8-4-4-4-12"),
        ("subscriptionId", "<YourSubscription>", "placeholder <YourSubscription>", "the real value"),
        ("subscriptionId", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "placeholder xxxxxxxx-xxxx", "the real value"),
        ("location", "west_europe", "no Azure region", "westeurope"),
        ("location", 3, "a number stands where a text belongs", '"3"'),
        ("approval", True, "true or false stands where an object belongs", "an object"),
        ("SubscriptionId", "x", "wrong case", "subscriptionId"),
    ],
)
def test_a_fault_of_an_environment_is_told(
    folder: Folder, told: Told, key: str, value: Any, problem: str, instead: str
) -> None:
    folder.pipeline["environments"][0][key] = value
    assert_tells(told(), f"environments[0].{key}", problem, instead)


APPROVAL_FAULTS: list[tuple[str, Any, str, str, str]] = [
    ("approvers", "a@example.org", "approvers", "a text stands where a list belongs", '["…"]'),
    ("approvers", ["a@example.org", "Ada"], "approvers[1]", "sign-in name", "name@example.org"),
    ("approvers", ["<you>@example.org"], "approvers[0]", "placeholder <you>", "the real value"),
    ("timeoutMinutes", 0, "timeoutMinutes", "less than 1", "1 or more"),
    ("timeoutMinutes", 86_401, "timeoutMinutes", "more than 86400", "86400 or less"),
    ("timeoutMinutes", "60", "timeoutMinutes", "a text stands", "60 (without quotes)"),
    ("notByStarter", "true", "notByStarter", "a text stands", "true (without quotes)"),
    ("approver", [], "approver", "unknown", "approvers"),
]


@pytest.mark.parametrize("case", APPROVAL_FAULTS)
def test_a_fault_of_an_approval_is_told(folder: Folder, told: Told, case: tuple[str, Any, str, str, str]) -> None:
    key, value, path, problem, instead = case
    folder.pipeline["environments"][0]["approval"] = {key: value}
    assert_tells(told(), f"environments[0].approval.{path}", problem, instead)


SCHEDULE_FAULTS: list[tuple[str, Any, str, str, str]] = [
    ("enabled", "false", "enabled", "a text stands", "false (without quotes)"),
    ("daysAfterPatchTuesday", -1, "daysAfterPatchTuesday", "less than 0", "0 or more"),
    ("daysAfterPatchTuesday", 21, "daysAfterPatchTuesday", "more than 20", "20 or less"),
    ("daysAfterPatchTuesday", "1", "daysAfterPatchTuesday", "a text stands", "1 (without quotes)"),
    ("time", "3:00", "time", "time of day", "03:00"),
    ("time", "24:00", "time", "time of day", "00:00 to 23:59"),
    ("time", "03:00:00", "time", "time of day", "03:00"),
    ("time", 3, "time", "a number stands where a text belongs", '"3"'),
    ("timeZone", "europe/berlin", "timeZone", "no time zone", "Europe/Berlin"),
    ("timeZone", "Berlin", "timeZone", "no time zone", "Europe/Berlin"),
    ("timeZone", "Europe", "timeZone", "no time zone", "Europe/Berlin"),
    ("timeZone", "/etc/localtime", "timeZone", "no time zone", "Europe/Berlin"),
    ("timeZone", "localtime", "timeZone", "no time zone", "Europe/Berlin"),
    ("timeZone", "<YourTimeZone>", "timeZone", "placeholder <YourTimeZone>", "the real value"),
    ("startEnvironment", "sdx", "startEnvironment", "there is no environment sdx", "sbx"),
    ("startEnvironment", "<env>", "startEnvironment", "placeholder <env>", "the real value"),
    ("stopEnvironment", "test", "stopEnvironment", "there is no environment test", "one of sbx, prd"),
    ("always", 1, "always", "a number stands", "true or false"),
    ("failuresBeforePause", 0, "failuresBeforePause", "less than 1", "1 or more"),
    ("failuresBeforePause", 25, "failuresBeforePause", "more than 24", "24 or less"),
    ("timezone", "UTC", "timezone", "wrong case", "timeZone"),
    ("cron", "0 3 * * *", "cron", "unknown", "one of enabled, daysAfterPatchTuesday"),
]


@pytest.mark.parametrize("case", SCHEDULE_FAULTS)
@pytest.mark.parametrize("place", ["schedule", "images[0].schedule"])
def test_a_fault_of_a_schedule_is_told(
    folder: Folder, told: Told, place: str, case: tuple[str, Any, str, str, str]
) -> None:
    key, value, path, problem, instead = case
    add_environment(folder, "prd")
    holder = folder.pipeline if place == "schedule" else folder.pipeline["images"][0]
    holder["schedule"] = {key: value}
    assert_tells(told(), f"{place}.{path}", problem, instead)


def test_a_schedule_that_stops_before_it_starts_is_told(folder: Folder, told: Told) -> None:
    add_environment(folder, "prd")
    folder.pipeline["schedule"] = {"startEnvironment": "PRD", "stopEnvironment": "sbx"}
    assert_tells(told(), "schedule.stopEnvironment", "sbx comes before prd", "prd or a later one of sbx, prd")


def test_a_schedule_in_an_environment_is_told_where_it_belongs(folder: Folder, told: Told) -> None:
    folder.pipeline["environments"][0]["schedule"] = {}
    assert_tells(told(), "environments[0].schedule", "unknown", "schedule beside environments")


def test_a_fault_of_a_schedule_has_its_line(folder: Folder) -> None:
    folder.pipeline["schedule"] = {"always": True, "stopEnvironment": "prd"}
    (fault,) = folder.read().faults
    assert (fault.line, fault.value) == (17, "prd")


def test_a_name_that_is_given_twice_is_told(folder: Folder, told: Told) -> None:
    folder.pipeline["environments"].append({**folder.pipeline["environments"][0], "name": "SBX"})
    assert_tells(told(), "environments[1].name", "given before", "another name")


INFRASTRUCTURE_FAULTS: list[tuple[str, str, Any, str, str]] = [
    ("rgParam", "name", "rg.", "resource group name", "90"),
    ("rgParam", "name", "r" * 91, "resource group name", "90"),
    ("rgParam", "name", "[parameters('group')]", "placeholder [parameters('group')]", "the real value"),
    ("msiParam", "name", "id", "identity name", "3 to 128"),
    ("saParam", "name", "StScripts", "storage account name", "3 to 24 lower-case letters and digits"),
    ("saParam", "name", "st", "storage account name", "3 to 24"),
    ("saParam", "name", "PLACEHOLDER_ACCOUNT", "placeholder PLACEHOLDER_ACCOUNT", "the real value"),
    ("saParam", "name", "", "empty", "a value"),
    ("saParam", "Name", "stscripts", "wrong case", "name"),
    ("acgParam", "name", "my-gallery", "gallery name", "no hyphen"),
    ("acgParam", "name", "g" * 81, "gallery name", "80"),
    ("acgParam", "images", {}, "an object stands where a list belongs", "a list"),
]


@pytest.mark.parametrize("case", INFRASTRUCTURE_FAULTS)
def test_a_fault_of_the_infrastructure_is_told(
    folder: Folder, told: Told, case: tuple[str, str, Any, str, str]
) -> None:
    parameter, key, value, problem, instead = case
    folder.infrastructure[parameter]["value"][key] = value
    assert_tells(told(), f"parameters.{parameter}.value.{key}", problem, instead)


@pytest.mark.parametrize(
    ("container", "key"),
    [
        ({"name": "AibScripts"}, "name"),
        ({"name": "a--b"}, "name"),
        ({"name": "aibscripts", "publicAccess": "Blob"}, "publicAccess"),
    ],
)
def test_a_container_that_azure_would_refuse_or_open_is_told(
    folder: Folder, told: Told, container: dict[str, str], key: str
) -> None:
    folder.infrastructure["saParam"]["value"]["blobServices"] = {"containers": [container]}
    assert f"parameters.saParam.value.blobServices.containers[0].{key}" in told()


DEFINITION_FAULTS: list[tuple[str, Any, str, str]] = [
    ("name", "a b", "image definition name", "80"),
    ("osType", "linux", "linux is none of the words", "Linux"),
    ("osState", "Specialized", "Specialized is none", "Generalized"),
    ("hyperVGeneration", "v2", "v2 is none", "V2"),
    ("hyperVgeneration", "V2", "wrong case", "hyperVGeneration"),
    ("securityType", "TrustedLaunch", "needs generation 2", '"hyperVGeneration": "V2"'),
    ("architecture", "arm64", "arm64 is none", "Arm64"),
    ("minRecommendedvCPUs", 8, "above maxRecommendedvCPUs 4", "at most 4"),
    ("minRecommendedMemory", "4", "a text stands where a whole number belongs", "4 (without quotes)"),
    ("maxRecommendedMemory", 0, "less than 1", "1 or more"),
    ("endOfLife", "next year", "no date", "2029-04-30"),
    ("releaseNoteUri", "example.org", "address", "https://"),
    ("tags", {"a": 1}, "a number stands where a text belongs", '"1"'),
]


@pytest.mark.parametrize(("key", "value", "problem", "instead"), DEFINITION_FAULTS)
def test_a_fault_of_an_image_definition_is_told(
    folder: Folder, told: Told, key: str, value: Any, problem: str, instead: str
) -> None:
    folder.infrastructure["acgParam"]["value"]["images"][0][key] = value
    path = f"{ACG}.images[0].{key}" + (".a" if key == "tags" else "")
    assert_tells(told(), path, problem, instead)


def test_a_purchase_plan_that_is_not_whole_is_told(folder: Folder, told: Told) -> None:
    folder.infrastructure["acgParam"]["value"]["images"][0]["planName"] = "pro"
    assert_tells(told(), f"{ACG}.images[0]", "purchase plan", "productName and planPublisherName")


TEMPLATE_FAULTS: list[tuple[str, Any, str, str, str]] = [
    ("name", "n" * 45, "name", "base name", "44"),
    ("userMsiName", None, "userMsiName", "it is empty", "a value"),
    ("VmSize", "Standard_D2s_v5", "VmSize", "wrong case", "vmSize"),
    ("vmSize", "D2s", "vmSize", "VM size", "Standard_D2s_v5"),
    ("lockForDeletion", False, "lockForDeletion", "unknown", "lock"),
    ("osDiskSizeGB", 30.5, "osDiskSizeGB", "a number stands where a whole number belongs", "whole number"),
    ("buildTimeoutInMinutes", 961, "buildTimeoutInMinutes", "more than 960", "960 or less"),
    ("buildTimeoutInMinutes", -1, "buildTimeoutInMinutes", "less than 0", "0 or more"),
    ("buildTimeoutInMinutes", 5, "buildTimeoutInMinutes", "never ends in so short a time", "6 to 960"),
    ("buildTimeoutInMinutes", "60", "buildTimeoutInMinutes", "a text stands", "60 (without quotes)"),
    ("imageSource", {"type": "platformImage"}, "imageSource.type", "platformImage is none", "PlatformImage"),
    ("imageSource", {"imageId": "x"}, "imageSource.type", "it is missing", '"type": …'),
    (
        "imageSource",
        {"type": "ManagedImage", "imageId": "img"},
        "imageSource.imageId",
        "managed image",
        "/subscriptions/",
    ),
    ("imageSource", {"type": "ManagedImage", "imageid": "img"}, "imageSource.imageid", "wrong case", "imageId"),
    ("imageSource", {"type": "ManagedImage", "imageid": "img"}, "imageSource.imageId", "missing", '"imageId": …'),
    (
        "imageSource",
        {"type": "SharedImageVersion", "imageVersionID": DEFINITION_ID},
        "imageSource.imageVersionID",
        "image version",
        "versions",
    ),
    ("sigImageDefinitionId", f"{DEFINITION_ID}/versions/latest", "sigImageDefinitionId", "image definition", "/images"),
    (
        "sigImageDefinitionId",
        f"{DEFINITION_ID}/versions/2024.07.0",
        "sigImageDefinitionId",
        "leading zeros",
        "2024.7.0",
    ),
    ("autoRun", {"state": "Enabled"}, "autoRun.state", "builds by itself", "Disabled"),
    ("distribute", [{"type": "VHD"}], "distribute[0].runOutputName", "missing", '"runOutputName": …'),
    (
        "distribute",
        [{"type": "VHD", "runOutputName": "a"}, {"type": "VHD", "runOutputName": "A"}],
        "distribute",
        "the same runOutputName",
        "a name of its own",
    ),
    ("subnetId", "subnet", "subnetId", "id of a subnet", "/subnets/"),
    ("vnetConfig", {"proxyVmSize": 1}, "vnetConfig.proxyVmSize", "a number stands", '"1"'),
    (
        "vnetConfig",
        {"subnetId": SUBNET_ID, "containerInstanceSubnetId": SUBNET_ID, "proxyVmSize": "Standard_A1_v2"},
        "vnetConfig.proxyVmSize",
        "no proxy machine",
        "one of the two",
    ),
    (
        "vnetConfig",
        {"containerInstanceSubnetId": SUBNET_ID},
        "vnetConfig.containerInstanceSubnetId",
        "needs subnetId",
        "a subnetId",
    ),
    (
        "targetRegions",
        [{"name": "west europe", "replicaCount": 0}],
        "targetRegions[0].replicaCount",
        "less than 1",
        "1",
    ),
    ("imageReplicationRegions", ["{region}"], "imageReplicationRegions[0]", "placeholder {region}", "the real value"),
    ("versioning", {"scheme": "Newest"}, "versioning.scheme", "Newest is none", "Latest"),
    ("replicationMode", "full", "replicationMode", "full is none", "Full"),
    ("storageAccountType", "Premium", "storageAccountType", "Premium is none", "Premium_LRS"),
    ("stagingResourceGroup", "staging", "stagingResourceGroup", "id of a resource group", "/resourceGroups/"),
    (
        "stagingResourceGroup",
        OTHER_GROUP_ID,
        "stagingResourceGroup",
        "another subscription",
        SUBSCRIPTION,
    ),
    (
        "vmUserAssignedIdentities",
        ["id-images"],
        "vmUserAssignedIdentities[0]",
        "user-assigned identity",
        "/subscriptions/",
    ),
    ("additionalDataDisks", [{"sizeGb": 1}], "additionalDataDisks[0].sizeGb", "wrong case", "sizeGB"),
    (
        "errorHandling",
        {"onCustomizerError": "stop"},
        "errorHandling.onCustomizerError",
        "stop is none",
        "cleanup or abort",
    ),
    ("optimize", {"vmBoot": {"state": True}}, "optimize.vmBoot.state", "True is none", "Enabled"),
    ("validate", {"inVmValidations": []}, "validate.inVmValidations", "wrong case", "inVMValidations"),
    ("managedResourceTags", {"a<b": "c"}, 'managedResourceTags["a<b"]', "tag name", "512"),
    ("managedResourceTags", {"a": "b" * 257}, "managedResourceTags.a", "257 characters", "256"),
    ("tags", {f"t{number}": "" for number in range(41)}, "tags", "more than 40 entries", "at most 40"),
    ("tags", {"Owner": "a", "owner": "b"}, "tags.owner", "differ in case alone", "one of them"),
    (
        "imageSource",
        {"type": "ManagedImage", "imageId": f"{OTHER_GROUP_ID}/providers/Microsoft.Compute/images/i"},
        "imageSource.imageId",
        "another subscription",
        SUBSCRIPTION,
    ),
    (
        "customizationSteps",
        [shell(name="a\tb", inline=["a"])],
        "customizationSteps[0].name",
        "character '\\t'",
        "without",
    ),
    (
        "roleAssignments",
        [{"principalId": "<<principalId>>"}],
        "roleAssignments[0].principalId",
        "<<principalId>>",
        "real",
    ),
    ("enableTelemetry", "<enableTelemetry>", "enableTelemetry", "placeholder <enableTelemetry>", "the real value"),
]


@pytest.mark.parametrize("case", TEMPLATE_FAULTS)
def test_a_fault_of_the_image_template_is_told(
    folder: Folder, told: Told, case: tuple[str, Any, str, str, str]
) -> None:
    key, value, path, problem, instead = case
    folder.template[key] = value
    assert_tells(told(), f"{IT}.{path}", problem, instead)


STEP_FAULTS: list[tuple[dict[str, Any] | Any, str, str, str]] = [
    ("echo", "", "a text stands where an object belongs", "an object"),
    ({"name": "x"}, ".type", "it is missing", '"type": …'),
    ({"type": "shell", "inline": ["a"]}, ".type", "shell is none", "Shell"),
    (shell(), "", "nothing to run", "inline (a list of commands) or scriptUri"),
    (shell(inline="echo"), ".inline", "a text stands where a list belongs", '["…"]'),
    (shell(inline=["echo", 1]), ".inline[1]", "a number stands where a text belongs", '"1"'),
    (shell(scriptUri=["https://example.org/a.sh"]), ".scriptUri", "a list stands where a text belongs", "a text"),
    (
        shell(inline=["a"], scriptUri="https://example.org/a.sh"),
        ".inline",
        "both inline and scriptUri",
        "one of the two",
    ),
    (shell(script="https://example.org/a.sh"), ".script", "unknown", "scriptUri"),
    (shell(scriptUri="a.sh"), ".scriptUri", "address", "https://<host>/<path>"),
    (shell(scriptUri="https://<account>.example.org/a.sh"), ".scriptUri", "placeholder <account>", "the real value"),
    (
        shell(scriptUri="https://me:word@example.org/a.sh"),
        ".scriptUri",
        "a password stands in the address",
        "needs none",
    ),
    (shell(scriptUri="https://example.org:99999/a.sh"), ".scriptUri", "the port", "1 to 65535"),
    (shell(scriptUri="https://example..org/a.sh"), ".scriptUri", "the host", "https://<host>/<path>"),
    (shell(scriptUri="https://[::1/a.sh"), ".scriptUri", "the host", "https://<host>/<path>"),
    (shell(scriptUri="https://example.org/\x01a.sh"), ".scriptUri", "control character", "without it"),
    (shell(inline=["echo", "a\0b"]), ".inline[1]", "NUL", "without it"),
    (shell(scriptUri="https://example.org/a.sh", sha256Checksum="A" * 64), ".sha256Checksum", "SHA-256", "lower case"),
    (shell(inline=["a"], sha256Checksum="a" * 64), ".sha256Checksum", "needs a scriptUri", "no checksum"),
    (shell(inline=["a"], runElevated=True), ".runElevated", "unknown", "one of"),
    ({"type": "File", "sourceUri": f"{SCRIPTS}/versions.env"}, ".destination", "missing", '"destination": …'),
    (power_shell(), ".type", "PowerShell does not run on Linux", "Shell"),
    (power_shell(runElevated="false"), ".runElevated", "a text stands where true or false belongs", "false (without"),
    (power_shell(RunElevated=True), ".RunElevated", "wrong case", "runElevated"),
    (power_shell(runAsSystem=True), ".runAsSystem", "needs runElevated", '"runElevated": true'),
    (power_shell(validExitCodes="1"), ".validExitCodes", "a text stands where a list belongs", "[1]"),
    (
        power_shell(validExitCodes=["1"]),
        ".validExitCodes[0]",
        "a text stands where a whole number",
        "1 (without quotes)",
    ),
    ({"type": "WindowsRestart", "restartTimeout": "10"}, ".restartTimeout", "restart time-out", "10m"),
    ({"type": "WindowsUpdate", "updateLimit": -1}, ".updateLimit", "less than 0", "0 or more"),
    ({"type": "WindowsUpdate", "filters": "all"}, ".filters", "a text stands where a list belongs", '["…"]'),
    (shell(inline=["azcopy copy 'https://example.org/a<SAS>' ."]), ".inline[0]", "needs a key", "a File customizer"),
    (shell(inline=["curl 'https://example.org/a.sh<SAS>' | bash"]), ".inline[0]", "needs a key", "a File customizer"),
]


@pytest.mark.parametrize(("step", "path", "problem", "instead"), STEP_FAULTS)
def test_a_fault_of_a_customization_step_is_told(
    folder: Folder, told: Told, step: Any, path: str, problem: str, instead: str
) -> None:
    folder.template["customizationSteps"].append(step)
    assert_tells(told(), f"{IT}.customizationSteps[1]{path}", problem, instead)


def test_a_password_in_an_address_is_not_shown(folder: Folder) -> None:
    folder.template["customizationSteps"].append(shell(scriptUri="https://me:word@example.org/a.sh"))
    (fault,) = folder.read().faults
    assert fault.value == "https://…@example.org/a.sh"


def test_a_command_may_have_any_line_end_and_what_cannot_be_seen_in_it_is_a_remark(folder: Folder) -> None:
    folder.template["customizationSteps"].append(shell(inline=["one\r", "two\n\tthree", "four\x1b[0m"]))
    reading = folder.read()
    assert reading.faults == ()
    steps = f"{IT}.customizationSteps[1]"
    assert [remark.path for remark in reading.remarks] == [f"{steps}.inline[0]", f"{steps}.inline[2]"]
    assert "CR" in reading.remarks[0].problem
    assert "'\\x1b'" in reading.remarks[1].problem


@pytest.mark.parametrize(
    ("members", "path"),
    [
        (
            {"targetRegions": [{"name": "westeurope"}], "imageReplicationRegions": ["westeurope"]},
            "imageReplicationRegions",
        ),
        ({"targetRegions": [{"name": "westeurope"}], "storageAccountType": "Standard_ZRS"}, "storageAccountType"),
        ({"subnetId": SUBNET_ID, "vnetConfig": {"subnetId": f"{SUBNET_ID}2"}}, "subnetId"),
    ],
)
def test_what_is_said_twice_is_told(folder: Folder, told: Told, members: dict[str, Any], path: str) -> None:
    folder.template.update(members)
    assert list(told()) == [f"{IT}.{path}"]


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        (TEMPLATE, '"type": "Shell"', '"type": "Shall"', (21, 21)),
        (TEMPLATE, '"name": "it-linux"', '"nmae": "it-linux"', (10, 9)),
        (TEMPLATE, '"it-linux"', '"{base}"', (10, 17)),
        (TEMPLATE, '"userMsiName": "id-images"', '"userMsiName": "id-images", "userMsiName": "id-images"', (11, 37)),
        (INFRASTRUCTURE, '"stscripts"', '"ST"', (17, 17)),
    ],
)
def test_a_fault_has_its_line_and_column(folder: Folder, name: str, old: str, new: str, place: tuple[int, int]) -> None:
    folder.write()
    text = (folder.path / name).read_text()
    assert text.count(old) == 1
    folder.files[name] = text.replace(old, new).encode()
    assert place in {(fault.line, fault.column) for fault in folder.read().faults if fault.file == name}


def add_environment(folder: Folder, name: str) -> None:
    folder.pipeline["environments"].append({**folder.pipeline["environments"][0], "name": name})


def assert_tells(faults: dict[str, tuple[str, str]], path: str, problem: str, instead: str) -> None:
    assert path in faults, faults
    assert problem in faults[path][0]
    assert instead in faults[path][1]
