"""`packerlogs/<guid>/customization.log` in the staging storage account: it grows while the build goes on."""

from dataclasses import dataclass, field

from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.providers.image_templates.staging import staging_account

CONTAINER = "packerlogs"


@dataclass
class BuildLog:
    """The log of one run."""

    azure: Azure
    template: Resource
    lines: list[str] = field(default_factory=list[str])
    guid: str = field(default_factory=new_guid)

    async def write(self, line: str) -> None:
        """Append a line and let readers of the blob see it."""
        self.lines.append(f"[{self.guid}] PACKER OUT {timestamp(self.azure.clock.now())} {line}\n")
        account = staging_account(self.azure, self.template)
        if account is None:
            return
        endpoint = account.properties["primaryEndpoints"]["blob"]
        if len(self.lines) == 1:
            await self.azure.blobs.create_container(endpoint, CONTAINER)
        url = f"{endpoint}{CONTAINER}/{self.guid}/customization.log"
        await self.azure.blobs.write(url, "".join(self.lines).encode())
