"""The marketplace images that exist, as data. What is retired, such as UbuntuServer 18.04-LTS, is simply not here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MarketplaceImage:
    """One SKU with the versions that can still be had, oldest first."""

    publisher: str
    offer: str
    sku: str
    os: str
    generation: str
    versions: tuple[str, ...]
    architecture: str = "x64"
    security_type: str | None = None
    """Value of the feature `SecurityType`."""
    has_plan: bool = False
    """Whether it has a purchase plan: name = SKU, product = offer, publisher = publisher."""

    @property
    def plan(self) -> dict[str, str] | None:
        """The purchase plan, as Microsoft.Compute writes it."""
        return {"name": self.sku, "product": self.offer, "publisher": self.publisher} if self.has_plan else None


_TRUSTED = "TrustedLaunchSupported"
_CONFIDENTIAL = "TrustedLaunchAndConfidentialVmSupported"
_NOBLE = ("24.04.202609120", "24.04.202610150", "24.04.202611050")
_JAMMY = ("22.04.202609110", "22.04.202610140", "22.04.202611040")
_WINDOWS_11 = ("26100.6899.261008", "26100.7171.261112")
_SERVER_2022 = ("20348.4294.261010", "20348.4405.261112")
_SERVER_2025 = ("26100.6899.261010", "26100.7171.261112")
_CANONICAL, _DESKTOP, _SERVER = "Canonical", "MicrosoftWindowsDesktop", "MicrosoftWindowsServer"
_CIS = "cis-center-for-internet-security-inc"

MARKETPLACE_IMAGES = [
    MarketplaceImage(_CANONICAL, "ubuntu-24_04-lts", "server", "Linux", "V2", _NOBLE, "x64", _TRUSTED),
    MarketplaceImage(_CANONICAL, "ubuntu-24_04-lts", "server-gen1", "Linux", "V1", _NOBLE),
    MarketplaceImage(_CANONICAL, "ubuntu-24_04-lts", "server-arm64", "Linux", "V2", _NOBLE, "Arm64"),
    MarketplaceImage(_CANONICAL, "ubuntu-24_04-lts", "minimal", "Linux", "V2", _NOBLE, "x64", _TRUSTED),
    MarketplaceImage(
        _CANONICAL, "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "Linux", "V2", _JAMMY, "x64", _TRUSTED
    ),
    MarketplaceImage(_CANONICAL, "0001-com-ubuntu-server-jammy", "22_04-lts", "Linux", "V1", _JAMMY),
    MarketplaceImage(_CANONICAL, "0001-com-ubuntu-server-jammy", "22_04-lts-arm64", "Linux", "V2", _JAMMY, "Arm64"),
    MarketplaceImage(_DESKTOP, "windows-11", "win11-24h2-avd", "Windows", "V2", _WINDOWS_11, "x64", _CONFIDENTIAL),
    MarketplaceImage(_DESKTOP, "windows-11", "win11-24h2-ent", "Windows", "V2", _WINDOWS_11, "x64", _CONFIDENTIAL),
    MarketplaceImage(_DESKTOP, "windows-11", "win11-25h2-avd", "Windows", "V2", _WINDOWS_11, "x64", _CONFIDENTIAL),
    MarketplaceImage(_DESKTOP, "office-365", "win11-24h2-avd-m365", "Windows", "V2", _WINDOWS_11, "x64", _CONFIDENTIAL),
    MarketplaceImage(
        _SERVER, "WindowsServer", "2022-datacenter-g2", "Windows", "V2", _SERVER_2022, "x64", _CONFIDENTIAL
    ),
    MarketplaceImage(
        _SERVER, "WindowsServer", "2022-datacenter-azure-edition", "Windows", "V2", _SERVER_2022, "x64", _CONFIDENTIAL
    ),
    MarketplaceImage(_SERVER, "WindowsServer", "2022-datacenter", "Windows", "V1", _SERVER_2022),
    MarketplaceImage(
        _SERVER, "WindowsServer", "2025-datacenter-g2", "Windows", "V2", _SERVER_2025, "x64", _CONFIDENTIAL
    ),
    MarketplaceImage(
        _SERVER, "WindowsServer", "2025-datacenter-azure-edition", "Windows", "V2", _SERVER_2025, "x64", _CONFIDENTIAL
    ),
    MarketplaceImage(
        _CIS,
        "cis-ubuntu",
        "cis-ubuntulinux2404-l1-gen2",
        "Linux",
        "V2",
        ("1.0.4", "1.0.5"),
        "x64",
        _TRUSTED,
        has_plan=True,
    ),
]


def find_image(publisher: str, offer: str, sku: str) -> MarketplaceImage | None:
    """The image, without regard to case, or None for an unknown or retired one."""
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    return next(
        (
            image
            for image in MARKETPLACE_IMAGES
            if (image.publisher.lower(), image.offer.lower(), image.sku.lower()) == wanted
        ),
        None,
    )
