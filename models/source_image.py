"""What is known of the image that a build starts from."""

from models.message import Message


class PurchasePlan(Message):
    """The purchase plan of a marketplace image."""

    name: str
    product: str
    publisher: str


class MarketplaceImage(Message):
    """A marketplace image by the names that Azure gives it; `version` may be `latest`."""

    publisher: str
    offer: str
    sku: str
    version: str

    @property
    def urn(self) -> str:
        """The image as the Azure CLI names it."""
        return f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"


class GalleryVersionSource(Message):
    """A version of a gallery's image definition, of whichever subscription; the version may be `latest`."""

    image_version_id: str


class ManagedImageSource(Message):
    """A managed image."""

    image_id: str


type ImageSource = MarketplaceImage | GalleryVersionSource | ManagedImageSource


class SourceImage(Message):
    """The facts of a source that its image definition must agree with.

    `version` is the exact one; `security_types` are Trusted Launch and Confidential VM where the source can do them,
    `regions` those that a build can take it in; None where Azure does not tell.
    """

    version: str
    hyper_v_generation: str | None = None
    architecture: str | None = None
    security_types: frozenset[str] | None = frozenset()
    plan: PurchasePlan | None = None
    regions: frozenset[str] | None = None
