"""The connection to Azure: one credential, and one SDK client per service and subscription, for the whole process."""

import base64
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import DefaultAzureCredential
from azure.mgmt.authorization.v2022_04_01.aio import AuthorizationManagementClient
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.imagebuilder.aio import ImageBuilderClient
from azure.mgmt.msi.v2024_11_30.aio import ManagedServiceIdentityClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.storage.aio import StorageManagementClient
from azure.storage.blob.aio import BlobServiceClient

from azure_clients.repeated_requests import RepeatedBlobRequests, RepeatedRequests
from policies.access.rights import RIGHTS, role_in_place_of

# Seconds. Waiting belongs to the orchestrations: a call gives up early.
CALL_TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 25}
# Every image template has a staging account of its own, whose log is read once or twice.
MOST_BLOB_CLIENTS = 32


@dataclass(frozen=True)
class Principal:
    """Who the app is in Microsoft Entra ID: object id, and the type that role assignments ask for."""

    object_id: str
    type: str


class AzureClients:
    """Hands out SDK clients to this room; nobody else touches them.

    `arm_endpoint` is Azure Resource Manager's address, `app_blob_endpoint` that of the app's own storage account;
    `ca_bundle` is a PEM file to trust instead of the system's authorities; `custom_roles` are the GUIDs of the custom
    roles that were deployed, by their keys in `policies/access/rights.json`.
    """

    def __init__(
        self,
        arm_endpoint: str,
        app_blob_endpoint: str,
        ca_bundle: str | None = None,
        custom_roles: Mapping[str, str] | None = None,
    ) -> None:
        self._arm_endpoint = arm_endpoint.rstrip("/")
        self._ca_bundle = ca_bundle
        self._session: ClientSession | None = None
        self._credential = DefaultAzureCredential()
        self._clients: dict[tuple[Callable[..., Any], str], Any] = {}
        self._blob_clients: dict[str, BlobServiceClient] = {}
        self._principal: Principal | None = None
        self.app_blob_endpoint = app_blob_endpoint
        self.custom_roles = custom_roles or {}

    def compute(self, subscription_id: str) -> ComputeManagementClient:
        """Galleries, image definitions, image versions, marketplace images."""
        return self._arm_client(ComputeManagementClient, subscription_id)

    def image_builder(self, subscription_id: str) -> ImageBuilderClient:
        """Image templates and their runs."""
        return self._arm_client(ImageBuilderClient, subscription_id)

    def resources(self, subscription_id: str) -> ResourceManagementClient:
        """Resource groups."""
        return self._arm_client(ResourceManagementClient, subscription_id)

    def storage(self, subscription_id: str) -> StorageManagementClient:
        """Storage accounts and their containers, seen from Azure Resource Manager."""
        return self._arm_client(StorageManagementClient, subscription_id)

    def identities(self, subscription_id: str) -> ManagedServiceIdentityClient:
        """User-assigned managed identities."""
        return self._arm_client(ManagedServiceIdentityClient, subscription_id)

    def authorization(self, subscription_id: str) -> AuthorizationManagementClient:
        """Role assignments."""
        return self._arm_client(AuthorizationManagementClient, subscription_id)

    def blobs(self, endpoint: str) -> BlobServiceClient:
        """Blobs of the account with this endpoint. Of the clients, only those that were asked for last are kept."""
        client = self._blob_clients.pop(endpoint, None) or BlobServiceClient(
            endpoint, credential=self._credential, transport=self._transport(), retry_policy=RepeatedBlobRequests()
        )
        self._blob_clients[endpoint] = client
        if len(self._blob_clients) > MOST_BLOB_CLIENTS:
            # Its connections are everybody's: there is nothing to close.
            del self._blob_clients[next(iter(self._blob_clients))]
        return client

    def role_id(self, role: str) -> str:
        """Return the GUID of the role with this key, or of the built-in one that stands in for it."""
        given = role_in_place_of(role, self.custom_roles)
        return self.custom_roles.get(given) or RIGHTS.built_in_roles[given].id

    async def own_principal(self) -> Principal:
        """Tell who the app is, as its own token says (claim `oid`; a user's token has the claim `scp`)."""
        if self._principal is None:
            token = await self._credential.get_token(self._scope)
            part = token.token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            self._principal = Principal(claims["oid"], "User" if "scp" in claims else "ServicePrincipal")
        return self._principal

    async def close(self) -> None:
        """Close every connection."""
        for client in (*self._clients.values(), *self._blob_clients.values()):
            await client.close()
        if self._session:
            await self._session.close()
        await self._credential.close()

    @property
    def _scope(self) -> str:
        return f"{self._arm_endpoint}/.default"

    def _transport(self) -> AioHttpTransport:
        """Return what speaks HTTP for a client. All share their connections, which are as the SDK makes them.

        A file of authorities is read here, once: the SDK reads it for each request, and then connects anew.
        """
        if self._session is None:
            connector = TCPConnector(ssl=ssl.create_default_context(cafile=self._ca_bundle), limit=0)
            self._session = ClientSession(
                connector=connector, cookie_jar=DummyCookieJar(), auto_decompress=False, trust_env=True
            )
        return AioHttpTransport(session=self._session, session_owner=False, **CALL_TIMEOUTS)

    def _arm_client[C](self, kind: Callable[..., C], subscription_id: str) -> C:
        key = (kind, subscription_id)
        if key not in self._clients:
            self._clients[key] = kind(
                credential=self._credential,
                subscription_id=subscription_id,
                base_url=self._arm_endpoint,
                credential_scopes=[self._scope],
                transport=self._transport(),
                retry_policy=RepeatedRequests(),
            )
        return self._clients[key]
