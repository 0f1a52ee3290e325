"""What `<env>.imageTemplate.<image>.parameters.json` may say.

What goes to ARM as it is, is only typed here (for the schema that editors use) and checked once it is ARM-shaped.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, SkipValidation

from configuration.checking.parameter_file_shape import Parameter, ParameterFile, Parameters, ResourceGroupParameter
from configuration.checking.shape import Shape
from configuration.checking.texts import (
    GalleryImageId,
    IdentityId,
    IdentityName,
    ImageName,
    Region,
    ResourceGroupId,
    ResourceGroupName,
    SubnetId,
    TagsOfBuild,
    TemplateBaseName,
    VmSize,
    Word,
)
from configuration.image_template import distributor_shape as out
from configuration.image_template import shape as arm


class LockShape(Shape):
    """A lock; accepted, and not set."""

    kind: Literal["CanNotDelete", "ReadOnly", "None"]
    name: Word | None = None


class ImageTemplateParameter(Shape):
    """An image template."""

    name: TemplateBaseName
    location: Region | None = None
    user_msi_name: IdentityName
    user_msi_resource_group: ResourceGroupName | None = None
    user_assigned_identities: Any = None
    managed_image_name: ImageName | None = None
    un_managed_image_name: ImageName | None = None
    tags: TagsOfBuild | None = None
    lock: Literal["CanNotDelete", "ReadOnly"] | LockShape | None = None
    role_assignments: list[dict[str, Any]] | None = None

    image_source: SkipValidation[arm.Source]
    customization_steps: SkipValidation[list[arm.Customizer] | None] = None
    validation: Annotated[SkipValidation[arm.Validation | None], Field(alias="validate")] = None
    optimize: SkipValidation[arm.Optimization | None] = None
    error_handling: SkipValidation[arm.ErrorHandling | None] = None
    build_timeout_in_minutes: SkipValidation[arm.BuildTimeout | None] = None
    vm_size: SkipValidation[VmSize | None] = None
    os_disk_size_gb: Annotated[SkipValidation[int | None], Field(alias="osDiskSizeGB")] = None
    vm_user_assigned_identities: SkipValidation[list[IdentityId] | None] = None
    subnet_id: SkipValidation[SubnetId | None] = None
    vnet_config: SkipValidation[arm.NetworkConfiguration | None] = None
    additional_data_disks: SkipValidation[list[arm.DataDisk] | None] = None
    staging_resource_group: SkipValidation[ResourceGroupId | None] = None
    managed_resource_tags: SkipValidation[TagsOfBuild | None] = None
    sig_image_definition_id: SkipValidation[GalleryImageId | None] = None
    image_replication_regions: SkipValidation[list[Region] | None] = None
    storage_account_type: SkipValidation[out.StorageAccountType | None] = None
    target_regions: SkipValidation[list[out.TargetRegion] | None] = None
    exclude_from_latest: SkipValidation[bool | None] = None
    distribute: SkipValidation[list[out.Distributor] | None] = None
    auto_run: SkipValidation[arm.AutoRun | None] = None
    versioning: SkipValidation[out.Versioning | None] = None
    replication_mode: SkipValidation[Literal["Full", "Shallow"] | None] = None


class ImageTemplateParameters(Parameters):
    """The parameters of the file."""

    rg_param: Parameter[ResourceGroupParameter]
    it_param: Parameter[ImageTemplateParameter]
    location: Parameter[Region] | None = None


ImageTemplateFile = ParameterFile[ImageTemplateParameters]
