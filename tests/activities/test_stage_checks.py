"""What a check finds in Azure before the first change, for each kind of resource."""

import json
import uuid

import pytest

from activities.check_stage import check_stage, find_in_azure
from activities.infrastructure import (
    create_or_update_blob_container,
    create_or_update_gallery,
    create_or_update_identity,
    create_or_update_image_definition,
    create_or_update_resource_group,
    create_or_update_role_assignment,
    create_or_update_storage_account,
)
from activities.provider_registration import get_provider_registration, start_provider_registration
from azure_clients import galleries
from azure_clients.connection import AzureClients
from configuration.reading import read_configuration
from models.errors import AzureUnavailable
from models.pipeline_run import Scope, Stage
from models.resources import Gallery, GalleryImageDefinition, ResourceGroup, RoleAssignment
from models.source_image import GalleryVersionSource
from models.subscription import ProviderReference
from policies.access.roles import roles_to_give
from policies.resources.stage_resources import stage_resources
from tests.activities.conftest import change
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION

INFRASTRUCTURE, TEMPLATE = "sbx.imageInfra.parameters.json", "sbx.imageTemplate.linux.parameters.json"
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
EXTRA_READS = 10
COMPUTE = "providers/Microsoft.Compute"


@pytest.fixture
def look(azure, settings):
    """Return what the check finds for a scope."""

    async def find(scope=Scope.ALL):
        reading = read_configuration(settings.parameters_folder, settings.customization_folder)
        assert not reading.faults
        return await find_in_azure(azure, reading, "sbx", "linux", scope)

    return find


@pytest.fixture
def deploy(azure: AzureClients, settings):
    """Deploy what the files say now."""

    async def put(*, definitions=True, lacking=None):
        plan = read_configuration(settings.parameters_folder, settings.customization_folder).stage_plan("sbx", "linux")
        assert plan
        resources = stage_resources(plan)
        await create_or_update_resource_group(azure, resources.group)
        await create_or_update_storage_account(azure, resources.account)
        await create_or_update_blob_container(azure, resources.containers[0])
        identity = await create_or_update_identity(azure, resources.identity)
        await create_or_update_gallery(azure, resources.gallery)
        for definition in resources.image_definitions if definitions else ():
            await create_or_update_image_definition(azure, definition)
        for needed in roles_to_give(plan):
            if needed.use.role != lacking:
                assignment = RoleAssignment(
                    subscription_id=SUBSCRIPTION,
                    scope=needed.scope,
                    role=needed.use.role,
                    principal_id=identity.principal_id,
                )
                await create_or_update_role_assignment(azure, assignment)
        return identity.principal_id

    return put


@pytest.fixture
def deployed_as_before(deploy, settings):
    """Deploy, and then change the first such text of the infrastructure's file: that of Linux."""

    async def put(old: str, new: str) -> None:
        await deploy()
        change(settings, INFRASTRUCTURE, old, new, times=1)

    return put


def with_source(settings, source: str) -> None:
    text = (settings.parameters_folder / TEMPLATE).read_text()
    old = text[text.index("{", text.index('"imageSource"')) :]
    change(settings, TEMPLATE, old[: old.index("}") + 1], source)


async def test_nothing_speaks_against_an_empty_subscription(look):
    found = await look()
    assert (found.faults, found.remarks, found.unregistered, found.unanswered) == ((), (), (), ())


@pytest.mark.parametrize("scope", list(Scope))
async def test_nothing_speaks_against_what_the_stage_deployed_itself(look, deploy, scope):
    await deploy()
    assert (await look(scope)).faults == ()


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_check_asks_little_more_than_the_source(look, deploy, simulated_azure, scope):
    await deploy()
    before = len(simulated_azure.requests.all())
    await look(scope)
    asked = [entry["url"] for entry in simulated_azure.requests.all()[before:]]
    assert len([url for url in asked if "/publishers/" not in url]) <= EXTRA_READS
    if scope is Scope.ONLY_REMOVAL:
        assert asked == []


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        (Scope.ALL, set()),
        (Scope.ONLY_INFRASTRUCTURE, set()),
        (Scope.ONLY_ASSETS_AND_IMAGE, {"rgParam"}),
        (Scope.ONLY_IMAGE, {"rgParam"}),
        (Scope.ONLY_REMOVAL, set()),
    ],
)
async def test_without_a_resource_group_that_alone_is_told(look, scope, missing):
    faults = (await look(scope)).faults
    assert {fault.path.split(".")[1] for fault in faults} == missing
    assert all("scope `all`" in fault.instead and fault.file == INFRASTRUCTURE and fault.line for fault in faults)


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        (Scope.ONLY_ASSETS_AND_IMAGE, {"msiParam", "acgParam"}),
        (Scope.ONLY_IMAGE, {"msiParam", "acgParam", "saParam"}),
    ],
)
async def test_all_that_is_missing_in_a_resource_group_is_told_at_once(azure, look, scope, missing):
    group = ResourceGroup(subscription_id=SUBSCRIPTION, name="rg-image-bakery-sbx", location="westeurope")
    await create_or_update_resource_group(azure, group)
    assert {fault.path.split(".")[1] for fault in (await look(scope)).faults} == missing


async def test_a_missing_image_definition_is_told_where_its_name_stands(look, deploy):
    await deploy(definitions=False)
    (fault,) = (await look(Scope.ONLY_IMAGE)).faults
    assert fault.path == "parameters.acgParam.value.images[0].name"
    assert fault.value == "linux-ubuntu-24-04"


@pytest.mark.parametrize(
    ("lacking", "action"),
    [
        ("storageBlobDataReader", "blobs/read on "),
        ("imageVersionWriter", "versions/write on "),
    ],
)
@pytest.mark.parametrize("scope", [Scope.ONLY_ASSETS_AND_IMAGE, Scope.ONLY_IMAGE])
async def test_a_role_that_the_identity_lacks_is_told_where_the_stage_does_not_give_it(
    look, deploy, lacking, action, scope
):
    await deploy(lacking=lacking)
    assert (await look(Scope.ALL)).faults == ()
    (fault,) = (await look(scope)).faults
    assert (fault.file, fault.path) == (INFRASTRUCTURE, "parameters.msiParam.value.name")
    assert action in fault.problem
    assert "scope `all`" in fault.instead


async def test_any_role_that_allows_the_same_is_as_good(azure, look, deploy):
    principal_id = await deploy(lacking="imageVersionWriter")
    custom = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}"
    authorization = azure.authorization(SUBSCRIPTION)
    await authorization.role_definitions.create_or_update(
        f"subscriptions/{SUBSCRIPTION}",
        custom.rpartition("/")[2],
        {
            "roleName": "Publisher of images",
            "permissions": [{"actions": ["Microsoft.Compute/galleries/*/write", "*/read"]}],
            "assignableScopes": [f"/subscriptions/{SUBSCRIPTION}"],
        },
    )
    assignment = {"roleDefinitionId": custom, "principalId": principal_id, "principalType": "ServicePrincipal"}
    await authorization.role_assignments.create(
        f"{GROUPS}/rg-image-bakery-sbx", str(uuid.uuid4()), {"properties": assignment}
    )
    assert (await look(Scope.ONLY_IMAGE)).faults == ()


async def test_an_app_that_may_not_read_roles_finds_none_lacking(look, deploy, simulated_azure):
    await deploy(lacking="imageVersionWriter")
    simulated_azure.faults.add("status", path="/roleAssignments", status=403, code="AuthorizationFailed")
    found = await look(Scope.ONLY_IMAGE)
    assert (found.faults, found.unanswered) == ((), ())


async def test_a_resource_group_elsewhere_is_told(azure, look):
    group = ResourceGroup(subscription_id=SUBSCRIPTION, name="rg-image-bakery-sbx", location="northeurope")
    await create_or_update_resource_group(azure, group)
    (fault,) = (await look()).faults
    assert fault.path == "parameters.rgParam.value.name"
    assert "northeurope" in fault.problem


async def test_a_storage_account_elsewhere_is_told(azure, look, deploy, settings):
    change(settings, "pipeline.json", '"westeurope"', '"northeurope"')
    await deploy()
    change(settings, "pipeline.json", '"northeurope"', '"westeurope"')
    assert {fault.path for fault in (await look()).faults} == {
        "parameters.rgParam.value.name",
        "parameters.saParam.value.name",
    }


async def test_a_name_that_another_has_is_told(look, deploy, settings):
    change(settings, "pipeline.json", SUBSCRIPTION, OTHER_SUBSCRIPTION)
    await deploy()
    change(settings, "pipeline.json", OTHER_SUBSCRIPTION, SUBSCRIPTION)
    (fault,) = (await look()).faults
    assert fault.path == "parameters.saParam.value.name"
    assert "already taken" in fault.problem


@pytest.mark.parametrize(
    ("change_to", "key", "there"),
    [
        (('"platform-engineering"', '"others"'), "publisher", "platform-engineering"),
        (('"sku": "ubuntu-24-04"', '"sku": "noble"'), "sku", "ubuntu-24-04"),
        (('"TrustedLaunchSupported"', '"TrustedLaunch"'), "securityType", "TrustedLaunchSupported"),
    ],
)
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ONLY_IMAGE])
async def test_a_definition_cannot_become_another(look, deployed_as_before, change_to, key, there, scope):
    await deployed_as_before(*change_to)
    (fault,) = (await look(scope)).faults
    assert fault.path == f"parameters.acgParam.value.images[0].{key}"
    assert "cannot be changed" in fault.problem
    assert there in fault.instead
    assert fault.line


async def test_a_location_that_is_none_is_told_in_the_pipelines_file(look, settings):
    change(settings, "pipeline.json", '"westeurope"', '"westeurop"')
    faults = (await look()).faults
    assert [(fault.file, fault.path, fault.value) for fault in faults] == [
        ("pipeline.json", "environments[0].location", "westeurop")
    ]
    assert "westeurope" in faults[0].instead


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ('"imageReplicationRegions": ["westeurope", "norway"]', "imageReplicationRegions[1]"),
        ('"targetRegions": [{ "name": "norway" }]', "targetRegions[0].name"),
        ('"distribute": [{"type": "SharedImage", "runOutputName": "o", "replicationRegions": ["norway"]}]',
         "distribute[0].replicationRegions[0]"),
    ],
)  # fmt: skip
async def test_a_region_to_replicate_to_that_is_none_is_told_where_it_stands(look, settings, member, path):
    text = (settings.parameters_folder / TEMPLATE).read_text()
    key = next(line for line in text.splitlines() if '"imageSource"' in line)
    change(settings, TEMPLATE, key, f"{member},\n{key}")
    (fault,) = (await look()).faults
    assert fault.path == f"parameters.itParam.value.{path}"
    assert fault.value == "norway"
    assert fault.instead


@pytest.mark.parametrize(
    ("given", "words"),
    [(None, "no resource group own"), ("northeurope", "is in northeurope"), ("westeurope", "not empty: things")],
)
async def test_a_staging_group_of_ones_own_must_be_there_empty_and_near(azure, look, settings, given, words):
    text = (settings.parameters_folder / TEMPLATE).read_text()
    key = next(line for line in text.splitlines() if '"imageSource"' in line)
    change(settings, TEMPLATE, key, f'"stagingResourceGroup": "{GROUPS}/own",\n{key}')
    if given:
        await create_or_update_resource_group(
            azure, ResourceGroup(subscription_id=SUBSCRIPTION, name="own", location=given)
        )
    if given == "westeurope":
        await create_or_update_gallery(azure, gallery_in("own", "things"))
    (fault,) = (await look()).faults
    assert fault.path == "parameters.itParam.value.stagingResourceGroup"
    assert words in fault.problem


@pytest.mark.parametrize("is_there", [True, False])
async def test_the_resource_group_of_a_managed_image_must_be_there(azure, look, settings, is_there):
    text = (settings.parameters_folder / TEMPLATE).read_text()
    key = next(line for line in text.splitlines() if '"imageSource"' in line)
    targets = ", ".join(
        f'{{"type": "ManagedImage", "runOutputName": "{group}", "location": "westeurope", '
        f'"imageId": "{GROUPS}/{group}/{COMPUTE}/images/mine"}}'
        for group in ("rg-image-bakery-sbx", "own")
    )
    change(settings, TEMPLATE, key, f'"distribute": [{targets}],\n{key}')
    if is_there:
        group = ResourceGroup(subscription_id=SUBSCRIPTION, name="own", location="westeurope")
        await create_or_update_resource_group(azure, group)
    paths = [fault.path for fault in (await look()).faults]
    assert paths == ([] if is_there else ["parameters.itParam.value.distribute[1].imageId"])


def gallery_in(group: str, name: str, subscription: str = SUBSCRIPTION) -> Gallery:
    return Gallery(subscription_id=subscription, resource_group=group, name=name, location="westeurope")


async def test_a_marketplace_source_with_a_plan_that_it_does_not_name_is_told(look, settings):
    urn = ("cis-center-for-internet-security-inc", "cis-ubuntu", "cis-ubuntulinux2404-l1-gen2")
    names = dict(zip(("publisher", "offer", "sku"), urn, strict=True))
    with_source(settings, json.dumps({"type": "PlatformImage", **names, "version": "latest"}))
    faults = [fault for fault in (await look()).faults if fault.path.startswith("parameters.itParam.value.imageSource")]
    assert any('"planProduct": "cis-ubuntu"' in fault.instead for fault in faults)


VERSION = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/theirs/{COMPUTE}/galleries/golden/images/base/versions"


@pytest.fixture
async def golden(azure, settings):
    """Publish versions of an image definition in another subscription; the newest is not to be taken as latest.

    The identity of Azure Image Builder is there, and may read them.
    """

    async def publish(regions=("westeurope",), **properties):
        group = ResourceGroup(subscription_id=OTHER_SUBSCRIPTION, name="theirs", location="westeurope")
        await create_or_update_resource_group(azure, group)
        gallery = gallery_in("theirs", "golden", OTHER_SUBSCRIPTION)
        await create_or_update_gallery(azure, gallery)
        definition = GalleryImageDefinition(
            gallery=gallery,
            name="base",
            properties={
                "osType": "Linux",
                "osState": "Generalized",
                "hyperVGeneration": "V2",
                "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
                **properties,
            },
        )
        await create_or_update_image_definition(azure, definition)
        versions = azure.compute(OTHER_SUBSCRIPTION).gallery_image_versions
        source = {"id": f"{GROUPS}/g/{COMPUTE}/images/i"}
        for name, excluded in (("1.9.0", False), ("1.10.0", False), ("2.0.0", True)):
            body = {
                "location": "westeurope",
                "properties": {
                    "publishingProfile": {
                        "excludeFromLatest": excluded,
                        "targetRegions": [{"name": region} for region in regions],
                    },
                    "storageProfile": {"source": source},
                },
            }
            await versions.begin_create_or_update("theirs", "golden", "base", name, body, polling=False)
        plan = read_configuration(settings.parameters_folder, settings.customization_folder).stage_plan("sbx", "linux")
        await create_or_update_resource_group(azure, stage_resources(plan).group)
        identity = await create_or_update_identity(azure, stage_resources(plan).identity)
        reader = RoleAssignment(
            subscription_id=OTHER_SUBSCRIPTION, scope=gallery.id, role="reader", principal_id=identity.principal_id
        )
        await create_or_update_role_assignment(azure, reader)

    return publish


TRUSTED = [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]


@pytest.mark.parametrize("version", ["latest", "1.9.0"])
async def test_a_version_of_another_subscription_that_fits_is_good(look, settings, golden, version):
    await golden(features=TRUSTED)
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionID": "{VERSION}/{version}"}}')
    assert (await look()).faults == ()


@pytest.mark.parametrize(
    ("version", "definition", "words"),
    [
        ("3.0.0", {"features": TRUSTED}, "no version 3.0.0 of base"),
        ("latest", {}, "cannot do TrustedLaunch"),
        ("latest", {"architecture": "Arm64", "features": TRUSTED}, "architecture Arm64"),
        (
            "latest",
            {"features": TRUSTED, "purchasePlan": {"name": "n", "product": "p", "publisher": "q"}},
            "purchase plan",
        ),
    ],
)
async def test_a_version_that_does_not_fit_is_told(look, settings, golden, version, definition, words):
    await golden(**definition)
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionID": "{VERSION}/{version}"}}')
    (fault,) = (await look()).faults
    assert fault.path == "parameters.itParam.value.imageSource.imageVersionID"
    assert words in fault.problem


@pytest.mark.parametrize("version", ["latest", "1.9.0"])
async def test_a_version_that_is_not_replicated_to_the_templates_region_is_told(look, settings, golden, version):
    await golden(regions=["North Europe", "eastus"], features=TRUSTED)
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionID": "{VERSION}/{version}"}}')
    (fault,) = (await look()).faults
    assert fault.path == "parameters.itParam.value.imageSource.imageVersionID"
    assert "replicated to eastus, northeurope, and not to westeurope" in fault.problem


async def test_latest_is_the_highest_number_that_latest_does_not_leave_out(azure, golden):
    await golden(features=TRUSTED)
    found = await galleries.find_source(azure, GalleryVersionSource(image_version_id=f"{VERSION}/latest"))
    assert found is not None
    assert found.version == "1.10.0"


async def test_a_version_in_a_subscription_that_is_not_known_is_told(look, settings):
    elsewhere = VERSION.replace(OTHER_SUBSCRIPTION, "99999999-9999-4999-8999-999999999999")
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionId": "{elsewhere}/latest"}}')
    assert "parameters.itParam.value.imageSource" in [fault.path for fault in (await look()).faults]


async def test_a_version_that_an_earlier_stage_publishes_is_yet_to_come(azure, settings):
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionId": "{VERSION}/latest"}}')
    reading = read_configuration(settings.parameters_folder, settings.customization_folder)
    definition_id = VERSION.removesuffix("/versions")
    for published, is_told in ((frozenset[str](), True), (frozenset({definition_id}), False)):
        faults = (await find_in_azure(azure, reading, "sbx", "linux", Scope.ALL, published)).faults
        assert any("imageSource" in fault.path for fault in faults) is is_told


async def test_a_source_elsewhere_must_be_open_to_the_identity_before_anything_is_changed(
    azure, look, settings, golden, simulated_azure
):
    await golden(features=TRUSTED)
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionId": "{VERSION}/latest"}}')
    assigned = azure.authorization(OTHER_SUBSCRIPTION).role_assignments
    (given,) = [one async for one in assigned.list_for_subscription()]
    await assigned.delete_by_id(given.id)
    for scope in (Scope.ALL, Scope.ONLY_ASSETS_AND_IMAGE):
        told = [fault for fault in (await look(scope)).faults if "reads the source" in fault.problem]
        (fault,) = told
        assert "may not Microsoft.Compute/galleries/images/read" in fault.problem
        assert f"az role assignment create --role 'Reader' --assignee-object-id {given.principal_id}" in fault.instead
        assert fault.instead.endswith(f"--scope {VERSION.removesuffix('/images/base/versions')}")


async def test_a_source_elsewhere_needs_an_identity_that_can_be_given_the_right(look, settings):
    with_source(settings, f'{{"type": "SharedImageVersion", "imageVersionId": "{VERSION}/latest"}}')
    (fault,) = [fault for fault in (await look()).faults if "not there yet" in fault.problem]
    assert "only-infrastructure" in fault.instead
    assert "Reader" in fault.problem


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (("V2", "westeurope"), None),
        (("V1", "westeurope"), "generation V1"),
        (("V2", "northeurope"), "is in northeurope"),
        (None, "no managed image"),
    ],
)
async def test_a_managed_image_must_be_there_near_and_of_the_generation(azure, look, settings, image, words):
    if image:
        generation, location = image
        group = ResourceGroup(subscription_id=SUBSCRIPTION, name="own", location=location)
        await create_or_update_resource_group(azure, group)
        body = {
            "location": location,
            "properties": {
                "hyperVGeneration": generation,
                "storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized"}},
            },
        }
        await azure.compute(SUBSCRIPTION).images.begin_create_or_update("own", "golden", body, polling=False)
    with_source(settings, f'{{"type": "ManagedImage", "imageId": "{GROUPS}/own/{COMPUTE}/images/golden"}}')
    assert [words in fault.problem for fault in (await look()).faults] == ([True] if words else [])


async def unregister(azure, *namespaces: str) -> None:
    for namespace in namespaces:
        await azure.resources(SUBSCRIPTION).providers.unregister(namespace)


async def test_providers_that_are_not_registered_are_a_remark(azure, look, settings):
    await unregister(azure, "Microsoft.VirtualMachineImages", "Microsoft.Compute", "Microsoft.Storage")
    found = await look()
    assert found.faults == ()
    assert found.unregistered == ("Microsoft.Compute", "Microsoft.Storage", "Microsoft.VirtualMachineImages")
    assert {(remark.file, remark.path) for remark in found.remarks} == {
        ("pipeline.json", "environments[0].subscriptionId")
    }
    stage = Stage(run_id="r", image="linux", scope=Scope.ALL, environment="sbx")
    assert (await check_stage(azure, settings, stage)).unregistered_providers == found.unregistered


async def test_a_registration_ends_and_may_be_asked_for_twice(azure, simulated_azure):
    simulated_azure.pace.operation_scale = 1
    await unregister(azure, "Microsoft.Storage")
    storage = ProviderReference(subscription_id=SUBSCRIPTION, namespace="Microsoft.Storage")
    simulated_azure.clock.freeze()
    for _ in range(2):
        assert not (await start_provider_registration(azure, storage)).registered
    assert not (await get_provider_registration(azure, storage)).registered
    simulated_azure.advance(600)
    assert (await get_provider_registration(azure, storage)).registered
    assert (await start_provider_registration(azure, storage)).registered


async def test_what_one_question_does_not_bring_others_may(look, deployed_as_before, simulated_azure):
    await deployed_as_before('"platform-engineering"', '"others"')
    simulated_azure.faults.add("status", path="/storageAccounts/", status=403, code="AuthorizationFailed")
    found = await look()
    assert [fault.value for fault in found.faults] == ["others"]
    assert [error.code for error in found.unanswered] == ["AuthorizationFailed"]


async def test_a_question_without_an_answer_is_asked_again(azure, settings, simulated_azure):
    simulated_azure.faults.add("status", path="/resourcegroups/", status=403, code="AuthorizationFailed")
    with pytest.raises(AzureUnavailable):
        await check_stage(azure, settings, Stage(run_id="r", image="linux", scope=Scope.ALL, environment="sbx"))


async def test_a_subscription_that_is_not_known_is_told_in_the_pipelines_file(look, settings):
    change(settings, "pipeline.json", SUBSCRIPTION, "99999999-9999-4999-8999-999999999999")
    (fault,) = (await look()).faults
    assert (fault.file, fault.path) == ("pipeline.json", "environments[0].subscriptionId")
    assert "SubscriptionNotFound" in fault.problem


async def test_a_question_that_azure_refuses_is_a_fault_of_what_it_asks_about(look, deploy, simulated_azure):
    await deploy()
    code = "InvalidAuthenticationTokenTenant"
    simulated_azure.faults.add("status", path="/publishers/", status=401, code=code, message="Another tenant.")
    (fault,) = (await look()).faults
    assert fault.path == "parameters.itParam.value.imageSource"
    assert code in fault.problem
    assert "Another tenant." in fault.problem
