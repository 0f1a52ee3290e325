"""The Azure SDK against the simulated Azure, and what a template needs before it can be submitted."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azure.identity.aio import ManagedIdentityCredential
from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.imagebuilder.aio import ImageBuilderClient
from azure.mgmt.msi.aio import ManagedServiceIdentityClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.storage.aio import StorageManagementClient
from azure.storage.blob.aio import BlobServiceClient

from local.simulated_azure import SimulatedAzure

GROUP, ACCOUNT, CONTAINER, IDENTITY, GALLERY, DEFINITION = "rg-images", "scripts1", "aibscripts", "aib", "gal", "ubuntu"
SCRIPT = b"#!/bin/sh\necho installed\n"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
UBUNTU = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}


@dataclass(frozen=True)
class Sdk:
    """One client of each kind, all with the identity of the app."""

    subscription: str
    credential: ManagedIdentityCredential
    ca_file: str
    groups: ResourceManagementClient
    storage: StorageManagementClient
    identities: ManagedServiceIdentityClient
    roles: AuthorizationManagementClient
    compute: ComputeManagementClient
    builder: ImageBuilderClient

    def id_of(self, suffix: str) -> str:
        """Id of something in the group of the tests."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{GROUP}{suffix}"

    def blobs(self, endpoint: str) -> BlobServiceClient:
        """The data plane of a storage account."""
        return BlobServiceClient(endpoint, credential=self.credential, connection_verify=self.ca_file)


@asynccontextmanager
async def open_sdk(simulated_azure: SimulatedAzure) -> AsyncIterator[Sdk]:
    """Clients that poll quickly and do not retry: a test wants to see each answer."""
    subscription = simulated_azure.subscriptions[0]
    options: dict[str, Any] = {
        "base_url": simulated_azure.arm_url,
        "connection_verify": str(simulated_azure.ca_file),
        "polling_interval": 0.02,
        "retry_total": 0,
    }
    async with AsyncExitStack() as stack:
        credential = await stack.enter_async_context(ManagedIdentityCredential())
        kinds = [
            ResourceManagementClient,
            StorageManagementClient,
            ManagedServiceIdentityClient,
            AuthorizationManagementClient,
            ComputeManagementClient,
            ImageBuilderClient,
        ]
        clients: list[Any] = [
            await stack.enter_async_context(kind(credential, subscription, **options)) for kind in kinds
        ]
        yield Sdk(subscription, credential, str(simulated_azure.ca_file), *clients)


async def assign(sdk: Sdk, scope: str, principal_id: str, role: str, name: str = "") -> Any:
    """A role assignment under a stable name."""
    return await sdk.roles.role_assignments.create(
        scope,
        name or str(uuid5(NAMESPACE_URL, f"{scope}{principal_id}{role}")),
        {  # type: ignore[arg-type]
            "properties": {
                "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalId": principal_id,
                "principalType": "ServicePrincipal",
            },
        },
    )


async def put_gallery(sdk: Sdk) -> None:
    """A gallery with an image definition for Ubuntu."""
    poller = await sdk.compute.galleries.begin_create_or_update(GROUP, GALLERY, {"location": "westeurope"})
    await poller.result()
    await put_definition(sdk)


async def put_definition(sdk: Sdk, name: str = DEFINITION, **changed: Any) -> Any:
    """An image definition, generation 2 unless changed."""
    properties = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "architecture": "x64",
        "identifier": {"publisher": "us", "offer": name, "sku": "base"},
        "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}],
        **changed,
    }
    body = {"location": "westeurope", "properties": properties}
    poller = await sdk.compute.gallery_images.begin_create_or_update(GROUP, GALLERY, name, body)
    return await poller.result()


async def put_storage(sdk: Sdk) -> str:
    """A storage account with a container; the answer is its blob endpoint."""
    body = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    account = await (await sdk.storage.storage_accounts.begin_create(GROUP, ACCOUNT, body)).result()
    await sdk.storage.blob_containers.create(GROUP, ACCOUNT, CONTAINER, {})
    return account.primary_endpoints.blob


@dataclass(frozen=True)
class Workshop:
    """Everything that a template needs: the script is uploaded, the roles are given."""

    script_uri: str
    identity_id: str
    principal_id: str
    definition_id: str

    def template(self, **properties: Any) -> dict[str, Any]:
        """Body of a template that can be built; `properties` replace its own."""
        return {
            "location": "westeurope",
            "tags": {"purpose": "test"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self.identity_id: {}}},
            "properties": {
                "source": {"type": "PlatformImage", **UBUNTU},
                "customize": [
                    {
                        "type": "Shell",
                        "name": "install",
                        "scriptUri": self.script_uri,
                        "sha256Checksum": hashlib.sha256(SCRIPT).hexdigest(),
                    },
                ],
                "distribute": [
                    {
                        "type": "SharedImage",
                        "runOutputName": "version",
                        "galleryImageId": self.definition_id,
                        "artifactTags": {"run": "1"},
                        "targetRegions": [{"name": "westeurope"}, {"name": "northeurope"}],
                    },
                ],
                **properties,
            },
        }


async def open_workshop(sdk: Sdk, *, roles: bool = True) -> Workshop:
    """Make all of it, with or without the identity's roles."""
    await sdk.groups.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    endpoint = await put_storage(sdk)
    async with sdk.blobs(endpoint) as blobs:
        await blobs.get_blob_client(CONTAINER, "install.sh").upload_blob(SCRIPT)
    identity = await sdk.identities.user_assigned_identities.create_or_update(
        GROUP, IDENTITY, {"location": "westeurope"}
    )
    await put_gallery(sdk)
    if roles:
        await assign(
            sdk, sdk.id_of(f"/providers/Microsoft.Compute/galleries/{GALLERY}"), identity.principal_id, CONTRIBUTOR
        )
        await assign(sdk, container_scope(sdk), identity.principal_id, BLOB_READER)
    return Workshop(
        f"{endpoint}{CONTAINER}/install.sh",
        identity.id,
        identity.principal_id,
        sdk.id_of(f"/providers/Microsoft.Compute/galleries/{GALLERY}/images/{DEFINITION}"),
    )


def container_scope(sdk: Sdk) -> str:
    """Id of the container with the scripts."""
    account = f"/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    return sdk.id_of(f"{account}/blobServices/default/containers/{CONTAINER}")


async def create_template(sdk: Sdk, body: dict[str, Any], name: str = "ubuntu-1") -> Any:
    """Put the template and wait; the answer is the template."""
    poller = await sdk.builder.virtual_machine_image_templates.begin_create_or_update(GROUP, name, body)
    return await poller.result()
