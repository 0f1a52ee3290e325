"""Several images in one environment: of both systems, with names that begin alike, in either form."""

from typing import Any

import pytest

from configuration.reading import ConfigurationReading
from models.misfit import Misfit, Part
from tests.configuration.conftest import (
    DEFINITION_ID,
    IDENTITY_ID,
    INFRASTRUCTURE,
    SCRIPTS,
    SUBSCRIPTION,
    TEMPLATE,
    Folder,
    parameters,
    whole,
)

WINDOWS = {
    "name": "it-win",
    "userMsiName": "id-images",
    "imageSource": {
        "type": "PlatformImage",
        "publisher": "MicrosoftWindowsServer",
        "offer": "WindowsServer",
        "sku": "2022-datacenter-g2",
        "version": "latest",
    },
    "customizationSteps": [
        {"type": "PowerShell", "scriptUri": f"{SCRIPTS}/windows/install_tools.ps1", "runElevated": True},
        {"type": "WindowsRestart"},
        {"type": "WindowsUpdate", "updateLimit": 20},
    ],
}


def base_name_of(reading: ConfigurationReading, image: str) -> str:
    plan = reading.stage_plan("sbx", image)
    assert plan, reading.faults
    return plan.image_template.base_name


def test_images_whose_names_begin_alike_are_told_apart(folder: Folder) -> None:
    for name, os_type in {"lin": "Linux", "lin2": "Linux", "win": "Windows", "windows": "Windows"}.items():
        folder.pipeline["images"].append({"name": name, "osType": os_type})
        members = folder.template if os_type == "Linux" else WINDOWS
        folder.files[f"sbx.imageTemplate.{name}.parameters.json"] = parameters(**{**members, "name": f"it-{name}"})
    reading = folder.read()
    assert reading.faults == ()
    for name in ("linux", "lin", "lin2", "win", "windows"):
        assert base_name_of(reading, name) == f"it-{name}"
    windows = reading.stage_plan("sbx", "windows")
    assert windows
    assert windows.image_template.image_definition_id == DEFINITION_ID.replace("images/linux", "images/win")
    assert [script.source_file for script in windows.image_template.scripts] == ["windows/install_tools.ps1"]


def test_images_of_one_name_for_their_templates_are_told(folder: Folder) -> None:
    folder.pipeline["images"].append({"name": "lin2", "osType": "Linux"})
    folder.files["sbx.imageTemplate.lin2.json"] = whole(name="IT-linux")
    (fault,) = folder.read().faults
    assert (fault.file, fault.path) == ("sbx.imageTemplate.lin2.json", "name")
    assert "the image templates of linux are called IT-linux already" in fault.problem


def test_a_missing_file_is_no_other_one_of_the_pipeline_that_was_misspelt(folder: Folder) -> None:
    folder.pipeline["environments"].append({**folder.pipeline["environments"][0], "name": "sbx2"})
    folder.files["sbx2.imageInfra.parameters.json"] = folder.files[INFRASTRUCTURE]
    (fault,) = folder.read().faults
    assert (fault.file, fault.problem) == ("sbx2.imageTemplate.linux.parameters.json", "the file is missing")
    assert "did you mean" not in fault.instead
    (folder.path / "sbx2.imageTemplate.linus.parameters.json").write_text("{}")
    (fault,) = folder.read().faults
    assert "did you mean sbx2.imageTemplate.linus.parameters.json?" in fault.instead


def test_two_environments_cannot_make_storage_accounts_of_one_name(folder: Folder) -> None:
    first = folder.pipeline["environments"][0]
    folder.pipeline["environments"].append({**first, "name": "prd"})
    for name in (INFRASTRUCTURE, TEMPLATE):
        folder.files[name.replace("sbx", "prd")] = folder.files[name]
    assert folder.read().faults == (), "in one resource group it is the same account"
    folder.pipeline["environments"][1]["subscriptionId"] = SUBSCRIPTION.replace("1", "2")
    faults = [fault for fault in folder.read().faults if fault.file == INFRASTRUCTURE.replace("sbx", "prd")]
    assert [(fault.path, fault.value) for fault in faults] == [("parameters.saParam.value.name", "stscripts")]
    assert "the storage account of sbx has this name" in faults[0].problem


@pytest.mark.parametrize("name", ["sbx.imageTemplate.linux.json", "sbx.imageTemplate.json", TEMPLATE])
def test_a_whole_template_stands_in_the_place_of_parameters(folder: Folder, name: str) -> None:
    del folder.files[TEMPLATE]
    folder.files[name] = whole(tags={"team": "images"})
    reading = folder.read()
    plan = reading.stage_plan("sbx", "linux")
    assert plan, reading.faults
    template = plan.image_template
    assert (template.base_name, template.location, template.tags) == ("linux", "westeurope", {"team": "images"})
    assert (template.identity_name, template.identity_resource_group) == ("id-images", "rg-images")
    assert template.image_definition_id == DEFINITION_ID
    assert template.properties["distribute"] == [
        {"type": "SharedImage", "galleryImageId": DEFINITION_ID, "runOutputName": "out"}
    ]


def test_two_files_for_one_image_are_told(folder: Folder) -> None:
    folder.files["sbx.imageTemplate.linux.json"] = whole()
    (fault,) = folder.read().faults
    assert (fault.file, fault.instead) == (TEMPLATE, "one of the two files")


def deployment(*resources: Any, **members: Any) -> dict[str, Any]:
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": [*resources], **members}


def test_a_deployment_template_may_hold_it(folder: Folder) -> None:
    properties = whole()["properties"] | {"customize": [{"type": "Shell", "inline": ["[[ -f /x ]]", "[ -f x ] || y"]}]}
    template = whole(name="it-linux", properties=properties, dependsOn=[])
    folder.files[TEMPLATE] = deployment(template, parameters={"a": {"defaultValue": "[resourceGroup().location]"}})
    assert base_name_of(folder.read(), "linux") == "it-linux"
    folder.files[TEMPLATE] = {**deployment(), "languageVersion": "2.0", "resources": {"template": template}}
    plan = folder.read().stage_plan("sbx", "linux")
    assert plan
    assert plan.image_template.properties["customize"][0]["inline"] == ["[ -f /x ]]", "[ -f x ] || y"]


WHOLE_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"location": "northeurope"}, "location", "the location of the environment is westeurope"),
    ({"identity": None}, "identity", "it is empty"),
    ({"identity": {"type": "SystemAssigned"}}, "identity.type", "none of the words"),
    (
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {}}},
        "identity.userAssignedIdentities",
        "it is empty",
    ),
    (
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}, f"{IDENTITY_ID}2": {}}}},
        "identity.userAssignedIdentities",
        "more than 1",
    ),
    (
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITY_ID}2": {}}}},
        f'identity.userAssignedIdentities["{IDENTITY_ID}2"]',
        "the identity of the environment is id-images",
    ),
    (
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"[parameters('id')]": {}}}},
        "identity.userAssignedIdentities[\"[parameters('id')]\"]",
        "the placeholder [parameters('id')]",
    ),
    ({"identity": "[variables('identity')]"}, "identity", "the placeholder [variables('identity')]"),
    ({"name": "n" * 45}, "name", "base name"),
    ({"type": "Microsoft.Compute/images"}, "type", "image template"),
    ({"tags": {"team": "[parameters('team')]"}}, "tags.team", "the placeholder [parameters('team')]"),
    ({"Tags": {}}, "Tags", "wrong case"),
    ({"kind": "x"}, "kind", "unknown here"),
    ({"id": "x"}, "id", "what Azure tells"),
    ({"_comment": "<your name>"}, "_comment", "unknown here"),
    ({"properties": "none"}, "properties", "a text stands where an object belongs"),
    ({"customize": []}, "customize", "unknown here"),
]


@pytest.mark.parametrize(("members", "path", "problem"), WHOLE_FAULTS)
def test_a_fault_of_a_whole_template_is_told_once(
    folder: Folder, members: dict[str, Any], path: str, problem: str
) -> None:
    folder.files[TEMPLATE] = whole(**members)
    told = [fault.problem for fault in folder.read().faults if fault.path == path and problem in fault.problem]
    assert len(told) == 1


PROPERTY_FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"identity": {}}, "identity", "unknown here", "identity beside properties"),
    ({"hyperVGeneration": "V2"}, "hyperVGeneration", "unknown here", "in the file of the infrastructure"),
    ({"subnetId": "x"}, "subnetId", "unknown here", "vmProfile.vnetConfig.subnetId"),
    ({"dataDisks": []}, "dataDisks", "unknown here", "additionalDataDisks"),
    ({"provisioningState": "Succeeded"}, "provisioningState", "what Azure tells", "leave the key out"),
    (
        {"distribute": [{"type": "ManagedImage", "runOutputName": "m", "imageId": IDENTITY_ID}]},
        "distribute[0].imageId",
        "id of a managed image",
        "Microsoft.Compute/images",
    ),
    (
        {
            "distribute": [
                {
                    "type": "ManagedImage",
                    "runOutputName": "m",
                    "imageId": f"/subscriptions/{SUBSCRIPTION.replace('1111-', '2222-', 1)}"
                    "/resourceGroups/r/providers/Microsoft.Compute/images/m",
                }
            ]
        },
        "distribute[0].imageId",
        "another subscription",
        SUBSCRIPTION,
    ),
    (
        {"customize": [{"type": "Shell", "inline": ["[concat('a', parameters('b'))]"]}]},
        "customize[0].inline[0]",
        "ARM's expressions are not evaluated",
        "the real value",
    ),
    ({"customize": "[variables('steps')]"}, "customize", "ARM's expressions", "the real value"),
    ({"buildTimeoutInMinutes": "[parameters('t')]"}, "buildTimeoutInMinutes", "ARM's expressions", "the real value"),
    ({"buildTimeoutInMinutes": "<minutes>"}, "buildTimeoutInMinutes", "the placeholder <minutes>", "the real value"),
]


@pytest.mark.parametrize(("members", "path", "problem", "instead"), PROPERTY_FAULTS)
def test_a_fault_of_the_properties_is_told_once(
    folder: Folder, members: dict[str, Any], path: str, problem: str, instead: str
) -> None:
    folder.files[TEMPLATE] = whole(properties=whole()["properties"] | members)
    (fault,) = folder.read().faults
    assert fault.path == f"properties.{path}"
    assert problem in fault.problem
    assert instead in fault.instead


@pytest.mark.parametrize(
    ("template", "path", "problem"),
    [
        (deployment(), "resources", "it is empty"),
        ({**deployment(), "resources": 3}, "resources", "it holds no resources"),
        (deployment({"type": "Microsoft.Compute/galleries"})["resources"], "", "a list stands where an object belongs"),
        (deployment(whole(), whole()), "resources[1]", "one image template more"),
        (deployment(whole(), {"type": "Microsoft.Compute/galleries"}), "resources[1]", "only an image template"),
        (deployment(whole(), parameter={}), "parameter", "unknown here"),
        (deployment(whole(type="Microsoft.VirtualMachineImages")), "resources[0].type", "ARM refuses"),
        (deployment(whole(tags={"a": "[b]"})), "resources[0].tags.a", "ARM's expressions"),
    ],
)
def test_a_fault_of_a_deployment_template_is_told_once(folder: Folder, template: Any, path: str, problem: str) -> None:
    folder.files[TEMPLATE] = template
    (fault,) = folder.read().faults
    assert fault.path == path
    assert problem in fault.problem


def test_a_purchase_plan_must_be_on_the_definition_too(folder: Folder) -> None:
    plan = {"planName": "pro", "planProduct": "ubuntu", "planPublisher": "canonical"}
    folder.template["imageSource"]["planInfo"] = plan
    (fault,) = folder.read().faults
    assert fault.path == "parameters.itParam.value.imageSource.planInfo"
    folder.infrastructure["acgParam"]["value"]["images"][0].update(
        planName="pro", productName="ubuntu", planPublisherName="canonical"
    )
    assert folder.read().faults == ()


def test_a_fault_that_azure_tells_of_a_source_stands_in_either_form(folder: Folder) -> None:
    for content in (whole(), deployment(whole()), parameters(**folder.template)):
        folder.files[TEMPLATE] = content
        misfit = Misfit(Part.IMAGE_TEMPLATE, ("source", "sku"), "it is gone", "another")
        fault = folder.read().misfit_fault("sbx", "linux", misfit)
        assert fault.path.endswith("ource.sku")
        assert fault.value in {"c", "server"}
