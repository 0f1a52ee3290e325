"""Image templates: what is refused at once, what makes their creation fail, and their life until deletion."""

import contextlib
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from local.simulated_azure import SimulatedAzure
from tests.simulated_azure.tenant import (
    ACCOUNT,
    BLOB_READER,
    CONTRIBUTOR,
    GALLERY,
    GROUP,
    IDENTITY,
    SCRIPT,
    UBUNTU,
    Sdk,
    Workshop,
    assign,
    container_scope,
    create_template,
    open_workshop,
    put_definition,
)

NAME = "ubuntu-1"
PLAN = {"planName": "p", "planProduct": "q", "planPublisher": "r"}
CIS = {
    "type": "PlatformImage",
    "publisher": "cis-center-for-internet-security-inc",
    "offer": "cis-ubuntu",
    "sku": "cis-ubuntulinux2404-l1-gen2",
    "version": "latest",
}
CIS_PLAN = {"planName": CIS["sku"], "planProduct": CIS["offer"], "planPublisher": CIS["publisher"]}


async def refusal(sdk: Sdk, body: Any, name: str = NAME) -> HttpResponseError:
    """The synchronous refusal of a template."""
    templates = sdk.builder.virtual_machine_image_templates
    with pytest.raises(HttpResponseError) as caught:
        await templates.begin_create_or_update(GROUP, name, body, polling=False)
    return caught.value


async def failure(sdk: Sdk, body: Any) -> tuple[str, str, str]:
    """Codes (of the template, of the operation) and message of a template whose creation fails."""
    with pytest.raises(HttpResponseError) as caught:
        await create_template(sdk, body)
    assert caught.value.error is not None
    template = await sdk.builder.virtual_machine_image_templates.get(GROUP, NAME)
    properties = template.as_dict()["properties"]
    assert properties["provisioningState"] == "Failed"
    error = properties["provisioningError"]
    return error["provisioningErrorCode"], str(caught.value.error.code), error["message"]


async def test_a_template_is_created_as_recorded(sdk: Sdk, workshop: Workshop, simulated_azure: SimulatedAzure) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 1
    templates = sdk.builder.virtual_machine_image_templates
    await templates.begin_create_or_update(GROUP, NAME, workshop.template(), polling=False)
    answer = simulated_azure.requests.all()[-1]["response"]
    assert answer["status"] == 201
    assert answer["body"]["properties"]["provisioningState"] == "Creating"
    assert "/resourcegroups/" in answer["body"]["id"]
    assert "location" not in answer["headers"]
    assert "retry-after" not in answer["headers"]
    assert len(answer["headers"]["azure-asyncoperation"]) > 2000

    simulated_azure.advance(1)
    await templates.get(GROUP, NAME)
    body = simulated_azure.requests.all()[-1]["response"]["body"]
    properties = body["properties"]
    assert (properties["provisioningState"], properties.get("lastRunStatus")) == ("Succeeded", None)
    assert properties["source"]["exactVersion"] == "24.04.202611050"
    assert properties["customize"][0]["sha256Checksum"] == hashlib.sha256(SCRIPT).hexdigest()
    assert f"/IT_{GROUP}_{NAME}_" in properties["exactStagingResourceGroup"]
    assert body["identity"]["userAssignedIdentities"][workshop.identity_id]["principalId"] == workshop.principal_id


async def test_a_template_is_never_updated(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    conflict = await refusal(sdk, workshop.template())
    assert conflict.error is not None
    assert (conflict.status_code, conflict.error.code) == (409, "Conflict")
    assert "Update/Upgrade of image templates is currently not supported" in str(conflict.error.message)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"buildTimeoutInMinute": 5}, "buildTimeoutInMinute"),
        ({"vmprofile": {}}, "vmprofile"),
        ({"customize": [{"type": "Shell", "scripturi": "x"}]}, "scripturi"),
        ({"customize": [{"type": "Bash"}]}, "Bash"),
        ({"customize": [{"type": "PowerShell", "inline": "dir"}]}, "array"),
        ({"customize": [{"type": "PowerShell", "inline": ["dir"], "validExitCodes": ["1"]}]}, "integer"),
        ({"customize": [{"type": "PowerShell", "inline": ["dir"], "runElevated": "true"}]}, "boolean"),
        ({"customize": [{"type": "PowerShell", "inline": ["dir"], "runAsSystem": True}]}, "runElevated"),
        ({"customize": [{"type": "Shell", "inline": ["ls"], "sha256Checksum": "A" * 64}]}, "lower-case"),
        ({"distribute": []}, "at least one"),
        ({"distribute": [{"type": "VHD", "runOutputName": "a"}, {"type": "VHD", "runOutputName": "A"}]}, "unique"),
        ({"buildTimeoutInMinutes": 961}, "960"),
        ({"vmProfile": {"vnetConfig": {"containerInstanceSubnetId": "/x"}}}, "subnetId"),
    ],
)
async def test_what_has_another_shape_is_refused_at_once(
    sdk: Sdk, workshop: Workshop, change: dict[str, Any], complaint: str
) -> None:
    refused = await refusal(sdk, workshop.template(**change))
    assert refused.error is not None
    assert (refused.status_code, refused.error.code) == (400, "ValidationFailed")
    assert complaint in str(refused.error.message)


async def test_all_that_the_api_knows_is_accepted(sdk: Sdk, workshop: Workshop) -> None:
    body = workshop.template(
        customize=[
            {"type": "File", "name": "f", "sourceUri": workshop.script_uri, "destination": "/tmp/install.sh"},
            {"type": "PowerShell", "inline": ["dir"], "runElevated": True, "runAsSystem": True, "validExitCodes": [0]},
            {"type": "WindowsRestart", "restartTimeout": "5m"},
            {"type": "WindowsUpdate", "searchCriteria": "x", "filters": ["y"], "updateLimit": 20},
        ],
        optimize={"vmBoot": {"state": "Enabled"}, "workload": {"state": "Disabled"}},
        validate={"continueDistributeOnFailure": False, "inVMValidations": [{"type": "Shell", "inline": ["ls"]}]},
        errorHandling={"onCustomizerError": "abort", "onValidationError": "cleanup"},
        buildTimeoutInMinutes=60,
        vmProfile={"vmSize": "Standard_D2s_v5", "osDiskSizeGB": 64, "vnetConfig": {"subnetId": "/s"}},
        additionalDataDisks=[{"sizeGB": 10}],
        managedResourceTags={"a": "b"},
    )
    template = await create_template(sdk, body)
    assert template.properties.provisioning_state == "Succeeded"


async def test_a_name_has_at_most_64_characters(sdk: Sdk, workshop: Workshop) -> None:
    assert "ValidationFailed" in str(await refusal(sdk, workshop.template(), "a" * 65))


@pytest.mark.parametrize("identities", [[], ["one", "two"], ["absent"]])
async def test_exactly_one_identity_that_exists_is_needed(sdk: Sdk, workshop: Workshop, identities: list[str]) -> None:
    parent = workshop.identity_id.rpartition("/")[0]
    body = workshop.template()
    body["identity"]["userAssignedIdentities"] = {f"{parent}/{name}": {} for name in identities}
    assert (await refusal(sdk, body)).status_code == 400


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ({"type": "PlatformImage", **UBUNTU, "sku": "absent"}, ("BadPIRSource", "ValidationFailed")),
        ({"type": "PlatformImage", **UBUNTU, "version": "1.0.0"}, ("BadPIRSource", "ValidationFailed")),
        ({"type": "PlatformImage", **UBUNTU, "planInfo": PLAN}, ("BadPIRSource", "ValidationFailed")),
        (CIS, ("BadPIRSource", "PurchasePlanNotProvided")),
        ({**CIS, "planInfo": CIS_PLAN}, ("BadSharedImageDistribute", "ValidationFailed")),
        ({"type": "PlatformImage", **UBUNTU, "sku": "server-gen1"}, ("BadSharedImageDistribute", "ValidationFailed")),
        ({"type": "PlatformImage", **UBUNTU, "sku": "server-arm64"}, ("BadSharedImageDistribute", "ValidationFailed")),
        ({"type": "ManagedImage", "imageId": "/x"}, ("BadManagedImageSource", "ValidationFailed")),
        ({"type": "SharedImageVersion", "imageVersionId": "/x"}, ("BadSharedImageVersionSource", "ValidationFailed")),
    ],
)
async def test_a_source_that_cannot_be_used_fails_the_template(
    sdk: Sdk, workshop: Workshop, source: dict[str, Any], codes: tuple[str, str]
) -> None:
    assert (await failure(sdk, workshop.template(source=source)))[:2] == codes


async def test_a_purchase_plan_must_be_on_source_and_definition(sdk: Sdk, workshop: Workshop) -> None:
    plan = {"name": CIS["sku"], "product": CIS["offer"], "publisher": CIS["publisher"]}
    definition = await put_definition(sdk, "planned", purchasePlan=plan)
    body = workshop.template(source={**CIS, "planInfo": CIS_PLAN})
    body["properties"]["distribute"][0]["galleryImageId"] = definition.id
    assert (await create_template(sdk, body)).properties.provisioning_state == "Succeeded"


async def test_an_absent_definition_fails_the_template(sdk: Sdk, workshop: Workshop) -> None:
    body = workshop.template()
    body["properties"]["distribute"][0]["galleryImageId"] += "-absent"
    assert (await failure(sdk, body))[0] == "BadSharedImageDistribute"


async def test_without_the_right_to_write_versions_the_template_fails(sdk: Sdk) -> None:
    workshop = await open_workshop(sdk, roles=False)
    await assign(sdk, container_scope(sdk), workshop.principal_id, BLOB_READER)
    code, operation_code, message = await failure(sdk, workshop.template())
    assert (code, operation_code) == ("BadSharedImageDistribute", "AuthorizationFailed")
    assert "Microsoft.Compute/galleries/images/versions/write" in message


@pytest.mark.parametrize(("excluded", "state"), [([], "Succeeded"), (["*/versions/write"], "Failed")])
async def test_a_custom_role_gives_what_it_does_not_exclude(sdk: Sdk, excluded: list[str], state: str) -> None:
    workshop = await open_workshop(sdk, roles=False)
    permission = {"actions": ["Microsoft.Compute/galleries/*"], "notActions": excluded}
    role: Any = {"properties": {"roleName": "Writer", "permissions": [permission], "assignableScopes": [sdk.id_of("")]}}
    guid = "77777777-0000-4000-8000-000000000001"
    await sdk.roles.role_definitions.create_or_update(sdk.id_of(""), guid, role)
    await assign(sdk, sdk.id_of(""), workshop.principal_id, guid)
    await assign(sdk, container_scope(sdk), workshop.principal_id, BLOB_READER)
    with contextlib.suppress(HttpResponseError):
        await create_template(sdk, workshop.template())
    template = await sdk.builder.virtual_machine_image_templates.get(GROUP, NAME)
    assert template.as_dict()["properties"]["provisioningState"] == state


async def test_without_the_right_to_read_scripts_the_template_fails(sdk: Sdk) -> None:
    workshop = await open_workshop(sdk, roles=False)
    await assign(sdk, sdk.id_of(""), workshop.principal_id, CONTRIBUTOR)
    code, _, message = await failure(sdk, workshop.template())
    assert code == "Other"
    assert f"Downloading external file ({workshop.script_uri})" in message
    assert "403" in message


@pytest.mark.parametrize(
    "scope",
    [
        lambda _: "",
        lambda _: f"/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}",
        lambda sdk: container_scope(sdk).removeprefix(sdk.id_of("")),
    ],
)
async def test_the_right_to_read_may_stand_at_any_scope_above(sdk: Sdk, scope: Callable[[Sdk], str]) -> None:
    workshop = await open_workshop(sdk, roles=False)
    await assign(
        sdk, sdk.id_of(f"/providers/Microsoft.Compute/galleries/{GALLERY}"), workshop.principal_id, CONTRIBUTOR
    )
    await assign(sdk, sdk.id_of(scope(sdk)), workshop.principal_id, BLOB_READER)
    assert (await create_template(sdk, workshop.template())).properties.provisioning_state == "Succeeded"


async def test_a_role_takes_effect_after_its_propagation(sdk: Sdk, simulated_azure: SimulatedAzure) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.faults.add("slow-roles", seconds=60)
    workshop = await open_workshop(sdk)
    assert (await failure(sdk, workshop.template()))[1] == "AuthorizationFailed"
    simulated_azure.advance(60)
    assert (await create_template(sdk, workshop.template(), "second")).properties.provisioning_state == "Succeeded"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ({"type": "Shell", "scriptUri": "{uri}-absent"}, "404"),
        ({"type": "Shell", "scriptUri": "{uri}", "sha256Checksum": "0" * 64}, "Checksum mismatch"),
        ({"type": "File", "sourceUri": "{uri}-absent", "destination": "f"}, "404"),
        ({"type": "Shell", "scriptUri": "https://gone.blob.core.windows.net/c/a.sh"}, "storage account"),
        ({"type": "Shell", "name": "empty"}, "'empty' needs either"),
    ],
)
async def test_a_script_that_cannot_be_used_fails_the_template(
    sdk: Sdk, workshop: Workshop, step: dict[str, Any], complaint: str
) -> None:
    step = {name: value.format(uri=workshop.script_uri) for name, value in step.items()}
    assert complaint in (await failure(sdk, workshop.template(customize=[step])))[2]


async def test_a_validators_script_is_read_as_well(sdk: Sdk, workshop: Workshop) -> None:
    validators = {"inVMValidations": [{"type": "Shell", "scriptUri": f"{workshop.script_uri}-absent"}]}
    assert "404" in (await failure(sdk, workshop.template(validate=validators)))[2]


async def test_a_validator_without_a_script_has_its_own_code(sdk: Sdk, workshop: Workshop) -> None:
    assert (await failure(sdk, workshop.template(validate={"inVMValidations": [{"type": "Shell"}]})))[0] == (
        "NoValidatorScript"
    )


async def test_a_deleted_template_takes_its_staging_group_along(sdk: Sdk, workshop: Workshop) -> None:
    template = await create_template(sdk, workshop.template())
    staging = template.properties.exact_staging_resource_group.rpartition("/")[2]
    assert await sdk.groups.resource_groups.check_existence(staging)
    templates = sdk.builder.virtual_machine_image_templates
    await (await templates.begin_delete(GROUP, NAME)).result()
    assert not await sdk.groups.resource_groups.check_existence(staging)
    assert [template async for template in templates.list()] == []


async def test_an_own_staging_group_is_emptied_and_kept(sdk: Sdk, workshop: Workshop) -> None:
    await sdk.groups.resource_groups.create_or_update("own", {"location": "westeurope"})
    own = f"/subscriptions/{sdk.subscription}/resourceGroups/own"
    assert (await failure(sdk, workshop.template(stagingResourceGroup=own)))[0] == "BadStagingResourceGroup"
    await assign(sdk, own, workshop.principal_id, CONTRIBUTOR)
    template = await create_template(sdk, workshop.template(stagingResourceGroup=own), "second")
    assert template.properties.exact_staging_resource_group == own
    assert len([resource async for resource in sdk.groups.resources.list_by_resource_group("own")]) == 1
    await (await sdk.builder.virtual_machine_image_templates.begin_delete(GROUP, "second")).result()
    assert [resource async for resource in sdk.groups.resources.list_by_resource_group("own")] == []


async def test_a_template_that_is_being_created_can_neither_run_nor_go(
    sdk: Sdk, workshop: Workshop, simulated_azure: SimulatedAzure
) -> None:
    simulated_azure.pace.operation_scale = 1000
    templates = sdk.builder.virtual_machine_image_templates
    await templates.begin_create_or_update(GROUP, NAME, workshop.template(), polling=False)
    for attempt in (templates.begin_run, templates.begin_delete):
        with pytest.raises(HttpResponseError, match="OperationNotAllowed"):
            await attempt(GROUP, NAME, polling=False)


async def test_tags_and_distribution_can_be_patched_and_nothing_else(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    templates = sdk.builder.virtual_machine_image_templates
    await (await templates.begin_update(GROUP, NAME, {"tags": {"new": "tag"}})).result()
    assert (await templates.get(GROUP, NAME)).tags == {"new": "tag"}
    change: Any = {"properties": {"customize": []}}
    with pytest.raises(HttpResponseError, match="customize"):
        await templates.begin_update(GROUP, NAME, change, polling=False)


async def test_templates_are_listed_by_group_and_by_subscription(sdk: Sdk, workshop: Workshop) -> None:
    await create_template(sdk, workshop.template())
    templates = sdk.builder.virtual_machine_image_templates
    assert [template.name async for template in templates.list()] == [NAME]
    assert [template.name async for template in templates.list_by_resource_group(GROUP)] == [NAME]
    await sdk.groups.resource_groups.create_or_update("empty", {"location": "westeurope"})
    assert [template async for template in templates.list_by_resource_group("empty")] == []


async def test_an_identity_that_went_meanwhile_fails_the_template(
    sdk: Sdk, workshop: Workshop, simulated_azure: SimulatedAzure
) -> None:
    simulated_azure.clock.freeze()
    simulated_azure.pace.operation_scale = 1
    templates = sdk.builder.virtual_machine_image_templates
    await templates.begin_create_or_update(GROUP, NAME, workshop.template(), polling=False)
    await sdk.identities.user_assigned_identities.delete(GROUP, IDENTITY)
    simulated_azure.advance(1)
    template = await templates.get(GROUP, NAME)
    assert template.as_dict()["properties"]["provisioningState"] == "Failed"


@pytest.mark.parametrize(("code", "shown"), [("BadSourceType", "BadSourceType"), ("QuotaExceeded", "ServerError")])
async def test_a_template_can_be_made_to_fail(
    sdk: Sdk, workshop: Workshop, simulated_azure: SimulatedAzure, code: str, shown: str
) -> None:
    simulated_azure.faults.add("template", code=code, message="because")
    assert await failure(sdk, workshop.template()) == (shown, code, "because")


async def test_a_template_can_be_made_to_stay_in_another_state(
    sdk: Sdk, workshop: Workshop, simulated_azure: SimulatedAzure
) -> None:
    simulated_azure.faults.add("template", outcome="Creating")
    templates = sdk.builder.virtual_machine_image_templates
    await templates.begin_create_or_update(GROUP, NAME, workshop.template(), polling=False)
    template = await templates.get(GROUP, NAME)
    assert template.properties is not None
    assert template.properties.provisioning_state == "Creating"
