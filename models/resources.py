"""The Azure resources that a stage makes, as messages: what is wanted, and the state Azure tells."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from models.failure import Failure
from models.message import JsonObject, Message


class ProvisioningState(StrEnum):
    """The state of a resource; `Absent` is a state of its own, never a failure."""

    ABSENT = "Absent"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class ResourceState(Message):
    """What Azure tells of a resource; `failure` is set when `state` is Failed."""

    id: str
    state: ProvisioningState
    failure: Failure | None = None


class StorageAccountState(ResourceState):
    """A storage account and, once it is there, its blob endpoint (with a trailing slash)."""

    blob_endpoint: str | None = None


class IdentityState(ResourceState):
    """A user-assigned managed identity and, once it is there, the object id of its principal."""

    principal_id: str | None = None


class ImageTemplateState(ResourceState):
    """An image template; `exact_source_version` is what `latest` came to, known once it is provisioned."""

    exact_source_version: str | None = None
    staging_resource_group: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)


class ResourceGroup(Message):
    """A resource group that is wanted."""

    subscription_id: str
    name: str
    location: str

    @property
    def id(self) -> str:
        """The resource id."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.name}"


class GroupedResource(Message):
    """A resource in a resource group; `resource_type` is ARM's name of its type."""

    resource_type: ClassVar[str]

    subscription_id: str
    resource_group: str
    name: str

    @property
    def id(self) -> str:
        """The resource id."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/{self.resource_type}/{self.name}"


class StorageAccount(GroupedResource):
    """The storage account that holds the customization scripts."""

    resource_type = "Microsoft.Storage/storageAccounts"

    location: str


class BlobContainer(Message):
    """A private container of a storage account."""

    account: StorageAccount
    name: str

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{self.account.id}/blobServices/default/containers/{self.name}"


class ManagedIdentity(GroupedResource):
    """The user-assigned identity that Azure Image Builder works with."""

    resource_type = "Microsoft.ManagedIdentity/userAssignedIdentities"

    location: str


class Gallery(GroupedResource):
    """A compute gallery."""

    resource_type = "Microsoft.Compute/galleries"

    location: str


class GalleryImageDefinition(Message):
    """An image definition of a compute gallery; `properties` is the body that ARM takes."""

    gallery: Gallery
    name: str
    properties: JsonObject
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{self.gallery.id}/images/{self.name}"


class ImageTemplateReference(GroupedResource):
    """Which image template is meant."""

    resource_type = "Microsoft.VirtualMachineImages/imageTemplates"


class ImageTemplate(ImageTemplateReference):
    """An image template to submit: `body` is the whole ARM body."""

    body: JsonObject


class RoleAssignment(Message):
    """A role that a principal shall have at a scope (a resource id).

    `role` is its key in `policies/access/rights.json`; `principal_id` None means the app itself.
    """

    subscription_id: str
    scope: str
    role: str
    principal_id: str | None
