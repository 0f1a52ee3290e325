"""What an image template may distribute (the `distribute` of its `properties`, api 2025-10-01)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configuration.checking.shape import Shape, refusal
from configuration.checking.texts import (
    Address,
    GalleryImageId,
    ManagedImageId,
    Region,
    RunOutputName,
    TagsOfBuild,
    without_version,
)

StorageAccountType = Literal["Standard_LRS", "Standard_ZRS", "Premium_LRS"]


class TargetRegion(Shape):
    """A region that the image version is replicated to."""

    name: Region
    replica_count: Annotated[int, Field(ge=1, le=100)] | None = None
    storage_account_type: StorageAccountType | None = None


class LatestVersioning(Shape):
    """The next version is one above the highest, of a major version if one is given."""

    scheme: Literal["Latest"]
    major: Annotated[int, Field(ge=-1)] | None = None


class SourceVersioning(Shape):
    """The next version follows the source's."""

    scheme: Literal["Source"]


Versioning = Annotated[LatestVersioning | SourceVersioning, Field(discriminator="scheme")]


class SharedImageDistributor(Shape):
    """Publishes a version of an image definition."""

    type: Literal["SharedImage"]
    run_output_name: RunOutputName
    artifact_tags: TagsOfBuild | None = None
    gallery_image_id: GalleryImageId
    replication_regions: list[Region] | None = None
    storage_account_type: StorageAccountType | None = None
    target_regions: list[TargetRegion] | None = None
    exclude_from_latest: bool | None = None
    versioning: Versioning | None = None
    replication_mode: Literal["Full", "Shallow"] | None = None

    @model_validator(mode="after")
    def _regions_stand_in_one_place(self) -> Self:
        if self.target_regions and self.replication_regions:
            raise refusal("regions are given twice", "either targetRegions or the older list", "replicationRegions")
        if self.target_regions and self.storage_account_type:
            raise refusal(
                "storageAccountType does not go with targetRegions",
                "it within each target region",
                "storageAccountType",
            )
        return self

    @property
    def target(self) -> str:
        """The id of the image definition."""
        return without_version(self.gallery_image_id)


class ManagedImageDistributor(Shape):
    """Makes a managed image."""

    type: Literal["ManagedImage"]
    run_output_name: RunOutputName
    artifact_tags: TagsOfBuild | None = None
    image_id: ManagedImageId
    location: Region

    @property
    def target(self) -> str:
        """The id of the managed image."""
        return self.image_id


class VhdDistributor(Shape):
    """Makes a VHD, in the staging storage account where no address is given."""

    type: Literal["VHD"]
    run_output_name: RunOutputName
    artifact_tags: TagsOfBuild | None = None
    uri: Address | None = None

    @property
    def target(self) -> None:
        """A VHD is no resource."""


Distributor = Annotated[SharedImageDistributor | ManagedImageDistributor | VhdDistributor, Field(discriminator="type")]
