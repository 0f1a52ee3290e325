"""Our clients, with the real SDKs, against the simulated Azure and a real Azurite."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from activities.infrastructure import (
    create_or_update_blob_container,
    create_or_update_gallery,
    create_or_update_identity,
    create_or_update_image_definition,
    create_or_update_resource_group,
    create_or_update_role_assignment,
    create_or_update_storage_account,
)
from azure_clients.connection import AzureClients
from configuration.settings import APP_FOLDER, Settings
from local.simulated_azure import Pace, SimulatedAzure
from local.simulated_azure import Settings as SimulationSettings
from models.resources import (
    BlobContainer,
    Gallery,
    GalleryImageDefinition,
    ImageTemplate,
    ManagedIdentity,
    ResourceGroup,
    RoleAssignment,
    StorageAccount,
)
from tests.conftest import SUBSCRIPTION, Azurite, Certificates


@pytest.fixture
async def azure(simulated_azure: SimulatedAzure, azurite: Azurite, app_identity: None) -> AsyncIterator[AzureClients]:
    clients = AzureClients(simulated_azure.arm_url, f"{azurite.endpoint}/{azurite.accounts[-1]}", str(azurite.ca_file))
    yield clients
    await clients.close()


@pytest.fixture
async def behind_a_front(
    certificates: Certificates, azurite: Azurite, app_identity: None, simulated_azure: SimulatedAzure
) -> AsyncIterator[tuple[AzureClients, SimulatedAzure]]:
    """Our clients, with the app's own storage account behind a front of the blob service, at which faults strike."""
    settings = SimulationSettings(
        certificate=certificates.certificate,
        private_key=certificates.private_key,
        ca_file=certificates.ca_file,
        subscriptions=[SUBSCRIPTION],
        blob_endpoint=azurite.endpoint,
        blob_front=True,
        pace=Pace(build_seconds=0, operation_scale=0),
    )
    with SimulatedAzure(settings) as front:
        own = f"{front.blob_endpoint}/{azurite.accounts[-1]}"
        clients = AzureClients(simulated_azure.arm_url, own, str(azurite.ca_file))
        yield clients, front
        await clients.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The sample configuration, in a subscription of the simulated Azure."""
    for file in (APP_FOLDER / "parameters").glob("*.json"):
        text = file.read_text().replace("00000000-0000-0000-0000-000000000001", SUBSCRIPTION)
        (tmp_path / file.name).write_text(text)
    return Settings(AzureWebJobsStorage__blobServiceUri="https://x", PARAMETERS_FOLDER=tmp_path)


def change(settings: Settings, file: str, old: str, new: str, times: int = -1) -> None:
    """Replace text in a parameter file: everywhere, or the first times."""
    path = Path(settings.parameters_folder) / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, times))


@dataclass(frozen=True)
class Wanted:
    """The resources of a small stage."""

    group: ResourceGroup
    account: StorageAccount
    container: BlobContainer
    identity: ManagedIdentity
    gallery: Gallery
    definition: GalleryImageDefinition

    def template(self, name: str, **properties: object) -> ImageTemplate:
        """An image template that Azure accepts once the rest is there."""
        body = {
            "location": "westeurope",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self.identity.id: {}}},
            "properties": {
                "source": {
                    "type": "PlatformImage",
                    "publisher": "Canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "latest",
                },
                "customize": [{"type": "Shell", "name": "hello", "inline": ["echo hello"]}],
                "distribute": [
                    {
                        "type": "SharedImage",
                        "runOutputName": "out",
                        "galleryImageId": self.definition.id,
                        "replicationRegions": ["westeurope"],
                        "artifactTags": {"imageBakeryRun": "r"},
                    }
                ],
                **properties,
            },
        }
        return ImageTemplate(subscription_id=SUBSCRIPTION, resource_group="rg", name=name, body=body)


@pytest.fixture
def wanted() -> Wanted:
    place = {"subscription_id": SUBSCRIPTION, "resource_group": "rg", "location": "westeurope"}
    account = StorageAccount(**place, name="scripts")
    gallery = Gallery(**place, name="gallery")
    return Wanted(
        group=ResourceGroup(subscription_id=SUBSCRIPTION, name="rg", location="westeurope"),
        account=account,
        container=BlobContainer(account=account, name="aibscripts"),
        identity=ManagedIdentity(**place, name="msi"),
        gallery=gallery,
        definition=GalleryImageDefinition(
            gallery=gallery,
            name="linux",
            properties={
                "osType": "Linux",
                "osState": "Generalized",
                "hyperVGeneration": "V2",
                "architecture": "x64",
                "identifier": {"publisher": "us", "offer": "agents", "sku": "linux"},
                "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}],
            },
        ),
    )


@pytest.fixture
async def stage(azure: AzureClients, wanted: Wanted) -> Wanted:
    """The resources, made."""
    for put, resource in (
        (create_or_update_resource_group, wanted.group),
        (create_or_update_storage_account, wanted.account),
        (create_or_update_blob_container, wanted.container),
        (create_or_update_gallery, wanted.gallery),
        (create_or_update_image_definition, wanted.definition),
    ):
        await put(azure, resource)
    identity = await create_or_update_identity(azure, wanted.identity)
    for role, scope, principal in (
        ("storageBlobDataContributor", wanted.container.id, None),
        ("storageBlobDataReader", wanted.container.id, identity.principal_id),
        ("imageVersionWriter", wanted.gallery.id, identity.principal_id),
    ):
        assignment = RoleAssignment(subscription_id=SUBSCRIPTION, scope=scope, role=role, principal_id=principal)
        await create_or_update_role_assignment(azure, assignment)
    return wanted
