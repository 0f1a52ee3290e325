"""Whole runs of the app with its rights and no others, in an Azure of its own, and an operator who prepares them."""

import asyncio
import itertools
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import httpx

from activities.run_scripts import gather_scripts, read_with_uploads
from azure_clients import records
from azure_clients.connection import AzureClients
from configuration.settings import Settings
from local.app_rights import give_rights
from local.simulated_azure import SimulatedAzure
from models.pipeline_run import PipelineRun, Scope, Starter
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from policies.access.rights import RIGHTS, CustomRole, Right
from policies.checks.provider_registration import NEEDED_PROVIDERS
from policies.runs.ids import new_run_id
from tests.conftest import SUBSCRIPTION
from tests.rehearsals.rehearsal_on_azure import RehearsalOnAzure

CHILDREN = [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
SAMPLE_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TEMPLATE = "sbx.imageTemplate.linux.parameters.json"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-image-bakery-sbx"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
CONTRIBUTOR = RIGHTS.built_in_roles["contributor"].id
ROLE_DEFINITIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
STAGING = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-staging"
GOLDEN = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-golden"
SOURCES = {
    "marketplace": None,
    "gallery": {
        "type": "SharedImageVersion",
        "imageVersionId": f"{GOLDEN}/providers/Microsoft.Compute/galleries/golden/images/base/versions/latest",
    },
    "managed image": {"type": "ManagedImage", "imageId": f"{GOLDEN}/providers/Microsoft.Compute/images/golden"},
}
OPTIONS = {
    "sigImageDefinitionId": f"{COMPUTE}/galleries/gal_image_bakery_sbx/images/linux-ubuntu-24-04",
    "managedImageName": "img-linux",
    "unManagedImageName": "vhd-linux",
    "subnetId": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
    "stagingResourceGroup": STAGING,
}
NUMBERS = itertools.count()
IMAGE_BAKERY = RIGHTS.custom_roles["imageBakery"]
(ADMINISTRATOR,) = [use for use in RIGHTS.app.on_each_subscription if use.role != "imageBakery"]
# The built-in role reads everything: behind it, a reading right that is missing would not be seen.
STRICT = RIGHTS.model_copy(
    update={
        "custom_roles": {
            **RIGHTS.custom_roles,
            "administrator": CustomRole(
                name="What is needed of the administrator",
                description="",
                actions=tuple(Right(action=action, reason="") for action in ADMINISTRATOR.actions),
            ),
        },
        "app": RIGHTS.app.model_copy(
            update={
                "on_each_subscription": tuple(
                    use.model_copy(update={"role": "administrator", "actions": ()}) if use == ADMINISTRATOR else use
                    for use in RIGHTS.app.on_each_subscription
                )
            }
        ),
    }
)


@dataclass(frozen=True)
class Play:
    """One pipeline run: what it builds from, with which options, and when it is canceled."""

    scope: Scope
    source: str = "marketplace"
    options: tuple[str, ...] = ("sigImageDefinitionId",)
    canceled_after: timedelta | None = None


# Each is played after those before it.
PLAYS = {
    "everything at once": Play(Scope.ALL, options=tuple(OPTIONS)),
    "from a gallery": Play(Scope.ALL, "gallery"),
    "from a managed image": Play(Scope.ALL, "managed image"),
    "canceled": Play(Scope.ONLY_ASSETS_AND_IMAGE, canceled_after=timedelta(seconds=45)),
    "canceled while it distributes": Play(
        Scope.ONLY_IMAGE, options=("sigImageDefinitionId", "managedImageName"), canceled_after=timedelta(seconds=58)
    ),
    "only the image": Play(Scope.ONLY_IMAGE),
    "only the removal": Play(Scope.ONLY_REMOVAL),
}


class Tour:
    """The app with its rights, in an Azure of its own, and an operator who prepares what the app does not make."""

    def __init__(self, simulated: SimulatedAzure, app_storage: str, folder, runner: asyncio.Runner) -> None:
        self.simulated, self.runner, self.folder = simulated, runner, folder
        self._operator = httpx.Client(
            base_url=simulated.arm_url,
            headers={"Authorization": f"Bearer {simulated.operator_token()}"},
            verify=ssl.create_default_context(cafile=simulated.ca_file),
            trust_env=False,
        )
        custom_roles = give_rights(simulated.arm_url, simulated.ca_file, simulated.subscriptions, STRICT)
        self.azure = AzureClients(simulated.arm_url, app_storage, str(simulated.ca_file), custom_roles)

    def close(self) -> None:
        self._operator.close()
        self.runner.run(self.azure.close())

    def prepare(self) -> None:
        """Let there be what only an operator makes, and no resource provider be registered."""
        place = {"location": "westeurope"}
        for group in (STAGING, GOLDEN):
            self.put(group, "2024-03-01", place)
        disk = {"osDisk": {"osType": "Linux", "osState": "Generalized"}}
        features = [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
        properties = {"hyperVGeneration": "V2", "storageProfile": disk, "features": features}
        self.put(f"{GOLDEN}/providers/Microsoft.Compute/images/golden", "2023-07-03", place, properties)
        gallery = f"{GOLDEN}/providers/Microsoft.Compute/galleries/golden"
        self.put(gallery, "2023-07-03", place)
        identifier = {"publisher": "p", "offer": "o", "sku": "s"}
        definition = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2"}
        self.put(
            f"{gallery}/images/base",
            "2023-07-03",
            place,
            {**definition, "features": features, "identifier": identifier},
        )
        self.put(f"{gallery}/images/base/versions/1.0.0", "2023-07-03", place, {"storageProfile": {"source": {}}})
        for namespace in NEEDED_PROVIDERS:
            self.unregister(namespace)

    def put(self, path, api_version, body, properties=None):
        whole = {**body, "properties": properties} if properties else body
        answer = self._operator.put(path, params={"api-version": api_version}, json=whole)
        assert answer.is_success, answer.text

    def unregister(self, namespace: str) -> None:
        path = f"/subscriptions/{SUBSCRIPTION}/providers/{namespace}/unregister"
        self._operator.post(path, params={"api-version": "2025-04-01"}).raise_for_status()

    def take_back_own_roles(self) -> None:
        """Take what the app gave itself on the container of the scripts."""
        self._take_back(self.simulated.app_principal_id, "/containers/")

    def take_back_staging_group(self) -> None:
        """Take what Azure Image Builder's identity has on the staging group."""
        self._take_back(self._image_builder(), STAGING)

    def give_staging_group_by_hand(self) -> None:
        """Give Azure Image Builder's identity Contributor on the staging group, under a name of the operator's own."""
        properties = {"roleDefinitionId": f"{ROLE_DEFINITIONS}/{CONTRIBUTOR}", "principalId": self._image_builder()}
        self.put(f"{STAGING}/{ASSIGNMENTS}/{uuid4()}", "2022-04-01", {}, properties)

    def _take_back(self, principal_id: str, part_of_id: str) -> None:
        for assignment in self._assignments(principal_id):
            if part_of_id in assignment["id"]:
                self._operator.delete(assignment["id"], params={"api-version": "2022-04-01"}).raise_for_status()

    def _assignments(self, principal_id: str) -> list[dict]:
        query = {"api-version": "2022-04-01", "$filter": f"principalId eq '{principal_id}'"}
        return self._operator.get(f"/subscriptions/{SUBSCRIPTION}/{ASSIGNMENTS}", params=query).json()["value"]

    def _image_builder(self) -> str:
        identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-image-bakery-sbx"
        found = self._operator.get(identity, params={"api-version": "2024-11-30"})
        return found.json()["properties"]["principalId"]

    @contextmanager
    def without_own_staging_groups(self) -> Iterator[None]:
        """Let the app be for a while as it is deployed without the parameter: it may not give Contributor."""
        assignments = self._assignments(self.simulated.app_principal_id)
        (limited,) = [one for one in assignments if CONTRIBUTOR in (one["properties"]["condition"] or "")]
        whole = limited["properties"]
        lacking = {**whole, "condition": whole["condition"].replace(f", {CONTRIBUTOR}", "")}
        assert CONTRIBUTOR not in lacking["condition"]
        for properties in (lacking, whole):
            self.put(limited["id"], "2022-04-01", {}, properties)
            if properties is lacking:
                yield

    @contextmanager
    def without(self, role: str, action: str) -> Iterator[None]:
        """Let the role lack an action for a while."""
        name = f"roleName eq '{STRICT.custom_roles[role].name}'"
        answer = self._operator.get(ROLE_DEFINITIONS, params={"api-version": "2022-04-01", "$filter": name})
        (definition,) = answer.json()["value"]
        whole = definition["properties"]
        lacking = [
            {kind: [one for one in actions if one != action] for kind, actions in permission.items()}
            for permission in whole["permissions"]
        ]
        assert lacking != whole["permissions"]
        for permissions in (lacking, whole["permissions"]):
            self.put(definition["id"], "2022-04-01", {}, {**whole, "permissions": permissions})
            if permissions is lacking:
                yield

    def play(self, play: Play):
        """Return the record of the run."""
        settings = self._settings(play)
        scripts = self.runner.run(self._scripts(settings))
        rehearsal = RehearsalOnAzure(self.simulated, self.runner, (self.azure, settings), CHILDREN)
        run = PipelineRun(
            id=new_run_id("linux", rehearsal.now, next(NUMBERS)),
            image="linux",
            scope=play.scope,
            environments=("sbx",),
            started_by=Starter(kind="http"),
            requested_at=rehearsal.now,
            remove_image_templates=True,
            scripts=scripts,
        )
        if play.canceled_after:
            wish = {
                "who": {"name": "ann@example.org", "verified": True},
                "reason": "Wrong.",
                "requestedAt": rehearsal.now.isoformat(),
            }
            rehearsal.raise_event("pipeline-linux", "cancel", wish, after=play.canceled_after)
        rehearsal.play(run_pipeline, run, "pipeline-linux")
        rehearsal.play_on()
        return self.runner.run(records.find(self.azure, run.id))

    async def _scripts(self, settings):
        reading = await read_with_uploads(self.azure, settings)
        assert not reading.faults
        return await gather_scripts(self.azure, settings, reading, "linux", ["sbx"])

    def _settings(self, play: Play) -> Settings:
        text = (self.folder / "sample" / TEMPLATE).read_text()
        start = text.index("{", text.index('"imageSource"'))
        if source := SOURCES[play.source]:
            text = text[:start] + json.dumps(source) + text[text.index("}", start) + 1 :]
        options = "".join(f'"{name}": "{OPTIONS[name]}", ' for name in play.options)
        (self.folder / TEMPLATE).write_text(text.replace('"imageSource"', f'{options}"imageSource"'))
        return Settings(AzureWebJobsStorage__blobServiceUri="https://x", PARAMETERS_FOLDER=self.folder)
