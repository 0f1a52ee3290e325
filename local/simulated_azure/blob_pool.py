"""Blob accounts of an Azurite, lent to the storage accounts that the simulation creates."""

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx

from local.simulated_azure import tokens
from local.simulated_azure.arm.messages import ArmError

_STORAGE = "https://storage.azure.com"
_API_VERSION = "2021-12-02"
# Azurite stands still every ten minutes while it clears deleted blobs: for a minute and more after thousands of them.
# That is no fault of the simulated Azure.
_SECONDS = 300
_CONNECTIONS = 100


class BlobError(Exception):
    """The blob service refused; `status` is its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text[:200]}")
        self.status = status


class BlobPool:
    """Lends account names and speaks to their blob service. Without an endpoint it lends nothing and does nothing."""

    def __init__(self, endpoint: str | None, accounts: Iterable[str], ca_file: Path | None) -> None:
        self.endpoint = endpoint.rstrip("/") if endpoint else None
        """Where clients find the accounts: at Azurite itself, or at a front of it."""
        self._azurite = self.endpoint or ""
        self._free = [*accounts]
        self._lent: dict[str, str] = {}
        self._ca_file = ca_file
        self._client: httpx.AsyncClient | None = None

    def lend(self, storage_account: str) -> str:
        """The blob endpoint for a new storage account, with a slash at its end.

        Raises:
            ArmError: 409 when every account of the pool is lent.
        """
        if self.endpoint is None:
            return f"https://{storage_account}.blob.core.windows.net/"
        if not self._free:
            raise ArmError(
                409,
                "MaxStorageAccountsCountPerSubscriptionExceeded",
                f"All {len(self._lent)} blob accounts of the simulation are lent; start it with more --blob-accounts.",
            )
        account = self._free.pop(0)
        self._lent[storage_account] = account
        return f"{self.endpoint}/{account}/"

    def borrower(self, account: str) -> str | None:
        """Name of the storage account that an account of the pool is lent to."""
        return next((name for name, lent in self._lent.items() if lent == account), None)

    async def take_back(self, storage_account: str) -> None:
        """Empty the lent account and make it free again."""
        account = self._lent.pop(storage_account, None)
        if account is None:
            return
        for container in await self._containers(account):
            await self._call("DELETE", f"{self.endpoint}/{account}/{container}", {"restype": "container"}, {404})
        self._free.append(account)

    async def take_all_back(self) -> None:
        """Return everything that is lent."""
        for storage_account in [*self._lent]:
            await self.take_back(storage_account)

    async def ask(self, method: str, address: str, content: bytes, headers: list[tuple[str, str]]) -> httpx.Response:
        """What Azurite answers to a client's own request; `address` is path and query."""
        return await self._http().request(method, f"{self._azurite}{address}", content=content, headers=headers)

    async def create_container(self, account_url: str, name: str) -> None:
        """Make the container, unless it is there."""
        await self._call("PUT", f"{account_url}{name}", {"restype": "container"}, {409})

    async def delete_container(self, account_url: str, name: str) -> None:
        """Delete the container with its blobs, unless it is gone."""
        await self._call("DELETE", f"{account_url}{name}", {"restype": "container"}, {404})

    async def write(self, url: str, content: bytes) -> None:
        """Write a block blob, over an earlier one."""
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "text/plain"}
        await self._call("PUT", url, content=content, headers=headers)

    async def read(self, url: str) -> bytes:
        """Content of a blob.

        Raises:
            BlobError: for instance 404.
        """
        return (await self._call("GET", url)).content

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _containers(self, account: str) -> list[str]:
        answer = await self._call("GET", f"{self.endpoint}/{account}", {"comp": "list"})
        # The answer comes from our own Azurite, not from an attacker.
        return [str(name.text) for name in ET.fromstring(answer.content).iter("Name")]  # noqa: S314

    async def _call(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None = None,
        also_fine: Iterable[int] = (),
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        if self.endpoint is None:
            return httpx.Response(200)
        token, _ = tokens.issue("00000000-0000-0000-0000-000000000000", "simulated-azure", "simulated-azure", _STORAGE)
        all_headers = {"x-ms-version": _API_VERSION, "Authorization": f"Bearer {token}", **(headers or {})}
        # We ourselves meet no faults of the front.
        address = f"{self._azurite}{url.removeprefix(self.endpoint)}"
        answer = await self._http().request(method, address, params=query, content=content, headers=all_headers)
        if answer.is_error and answer.status_code not in {*also_fine}:
            raise BlobError(answer.status_code, answer.text)
        return answer

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            trust = ssl.create_default_context(cafile=self._ca_file)
            limits = httpx.Limits(max_keepalive_connections=_CONNECTIONS)
            self._client = httpx.AsyncClient(verify=trust, trust_env=False, timeout=_SECONDS, limits=limits)
        return self._client
