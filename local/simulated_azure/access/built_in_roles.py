"""Built-in roles of Azure that the simulation knows, by their fixed GUIDs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What a role allows; `*` stands for anything in an action."""

    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()


_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_DELEGATION_KEY = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
_QUEUES = "Microsoft.Storage/storageAccounts/queueServices/queues"

BUILT_IN_ROLES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": Role("Owner", "Full access, including access management.", ("*",)),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": Role(
        "Contributor",
        "Full access, without access management.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": Role("Reader", "View all resources.", ("*/read",)),
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": Role(
        "Role Based Access Control Administrator",
        "Manage access by assigning roles.",
        ("Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read"),
    ),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": Role(
        "User Access Administrator", "Manage access.", ("*/read", "Microsoft.Authorization/*")
    ),
    "f1a07417-d97a-45cb-824c-7a7467783830": Role(
        "Managed Identity Operator",
        "Read and assign user-assigned identities.",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ),
    ),
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": Role(
        "Managed Identity Contributor",
        "Create, read, update and delete user-assigned identities.",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/*",),
    ),
    "4d97b98b-1d4f-4787-a291-c67834d212e7": Role("Network Contributor", "Manage networks.", ("Microsoft.Network/*",)),
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": Role(
        "Virtual Machine Contributor", "Manage virtual machines.", ("Microsoft.Compute/virtualMachines/*",)
    ),
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": Role(
        "Storage Account Contributor", "Manage storage accounts.", ("Microsoft.Storage/storageAccounts/*",)
    ),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": Role(
        "Storage Blob Data Reader",
        "Read containers and blobs.",
        (f"{_CONTAINERS}/read", _DELEGATION_KEY),
        data_actions=(f"{_BLOBS}/read",),
    ),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": Role(
        "Storage Blob Data Contributor",
        "Read, write and delete containers and blobs.",
        (f"{_CONTAINERS}/delete", f"{_CONTAINERS}/read", f"{_CONTAINERS}/write", _DELEGATION_KEY),
        data_actions=tuple(f"{_BLOBS}/{verb}" for verb in ("delete", "read", "write", "move/action", "add/action")),
    ),
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": Role(
        "Storage Blob Data Owner",
        "Full access to containers and blobs.",
        (f"{_CONTAINERS}/*", _DELEGATION_KEY),
        data_actions=(f"{_BLOBS}/*",),
    ),
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": Role(
        "Storage Queue Data Contributor",
        "Read, write and delete queues and messages.",
        (f"{_QUEUES}/delete", f"{_QUEUES}/read", f"{_QUEUES}/write"),
        data_actions=tuple(f"{_QUEUES}/messages/{verb}" for verb in ("delete", "read", "write", "process/action")),
    ),
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": Role(
        "Storage Table Data Contributor",
        "Read, write and delete tables and entities.",
        ("Microsoft.Storage/storageAccounts/tableServices/tables/*",),
        data_actions=("Microsoft.Storage/storageAccounts/tableServices/tables/entities/*",),
    ),
}
