"""A configuration folder that is valid as it is, for tests to spoil."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from configuration.reading import ConfigurationReading, read_configuration

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
INFRASTRUCTURE = "sbx.imageInfra.parameters.json"
TEMPLATE = "sbx.imageTemplate.linux.parameters.json"
DEFINITION_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-images/providers/Microsoft.Compute/galleries/gal/images/linux"
)
IDENTITY_ID = DEFINITION_ID.replace(
    "Microsoft.Compute/galleries/gal/images/linux", "Microsoft.ManagedIdentity/userAssignedIdentities/id-images"
)
SCRIPTS = "https://stscripts.blob.core.windows.net/aibscripts"


@dataclass
class Folder:
    """The files as JSON; a test changes them and then reads them."""

    path: Path
    customization: Path
    files: dict[str, Any]

    @property
    def pipeline(self) -> Any:
        return self.files["pipeline.json"]

    @property
    def infrastructure(self) -> Any:
        return self.files[INFRASTRUCTURE]["parameters"]

    @property
    def template(self) -> Any:
        return self.files[TEMPLATE]["parameters"]["itParam"]["value"]

    def write(self) -> None:
        for name, content in self.files.items():
            text = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()
            (self.path / name).write_bytes(text)

    def read(self) -> ConfigurationReading:
        self.write()
        return read_configuration(self.path, self.customization)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    parameters, customization = tmp_path / "parameters", tmp_path / "customization"
    parameters.mkdir()
    for name in ("linux/install_tools.sh", "linux/shared.sh", "windows/install_tools.ps1", "versions.env"):
        file = customization / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("true\n")
    return Folder(parameters, customization, valid_files())


def valid_files() -> dict[str, Any]:
    return {
        "pipeline.json": {
            "environments": [{"name": "sbx", "subscriptionId": SUBSCRIPTION, "location": "westeurope"}],
            "images": [{"name": "linux", "osType": "Linux"}],
        },
        INFRASTRUCTURE: {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
            "contentVersion": "1.0.0.0",
            "parameters": {
                "rgParam": {"value": {"name": "rg-images"}},
                "msiParam": {"value": {"name": "id-images"}},
                "saParam": {"value": {"name": "stscripts"}},
                "acgParam": {
                    "value": {
                        "name": "gal",
                        "images": [
                            {"name": "linux", "osType": "Linux", "publisher": "we", "offer": "linux", "sku": "lts"},
                            {"name": "win", "osType": "Windows", "publisher": "we", "offer": "win", "sku": "lts"},
                        ],
                    }
                },
            },
        },
        TEMPLATE: {
            "parameters": {
                "rgParam": {"value": {"name": "rg-images"}},
                "itParam": {
                    "value": {
                        "name": "it-linux",
                        "userMsiName": "id-images",
                        "imageSource": {
                            "type": "PlatformImage",
                            "publisher": "Canonical",
                            "offer": "ubuntu-24_04-lts",
                            "sku": "server",
                            "version": "latest",
                        },
                        "customizationSteps": [
                            {"type": "Shell", "name": "Tools", "scriptUri": f"{SCRIPTS}/linux/install_tools.sh"},
                        ],
                    }
                },
            }
        },
    }


def whole(**members: Any) -> dict[str, Any]:
    """Return a whole template that fits the folder of these tests."""
    return {
        "type": "Microsoft.VirtualMachineImages/imageTemplates",
        "apiVersion": "2024-02-01",
        "location": "West Europe",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}}},
        "properties": {
            "source": {"type": "PlatformImage", "publisher": "a", "offer": "b", "sku": "c", "version": "latest"},
            "distribute": [{"type": "SharedImage", "runOutputName": "out"}],
        },
        **members,
    }


def parameters(**members: Any) -> dict[str, Any]:
    return {"parameters": {"rgParam": {"value": {"name": "rg-images"}}, "itParam": {"value": members}}}


@pytest.fixture
def told(folder: Folder) -> Callable[[], dict[str, tuple[str, str]]]:
    """Read the folder and return what each fault says, by its path."""

    def read() -> dict[str, tuple[str, str]]:
        return {fault.path: (fault.problem, fault.instead) for fault in folder.read().faults}

    return read
