"""The `properties` of an image template as ARM takes them (Microsoft.VirtualMachineImages, api 2025-10-01).

Works on ARM-shaped JSON, whoever wrote it; read-only properties are unknown here.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from configuration.checking.shape import Shape, refusal
from configuration.checking.texts import (
    Address,
    Command,
    Identifier,
    IdentityId,
    ImageVersionId,
    ManagedImageId,
    ResourceGroupId,
    RestartTimeout,
    Sha256,
    SourceVersion,
    SubnetId,
    TagsOfBuild,
    VmSize,
    Word,
)
from configuration.image_template.distributor_shape import Distributor, SharedImageDistributor

Switch = Literal["Enabled", "Disabled"]
OnError = Literal["cleanup", "abort"]


def _workable_timeout(minutes: int) -> int:
    if 1 <= minutes <= 5:
        raise refusal("a build never ends in so short a time", "0 (240 minutes), or 6 to 960")
    return minutes


BuildTimeout = Annotated[int, Field(ge=0, le=960), AfterValidator(_workable_timeout)]


class PurchasePlanShape(Shape):
    """The purchase plan of a marketplace image."""

    plan_name: Word
    plan_product: Word
    plan_publisher: Word


class PlatformImageSource(Shape):
    """A marketplace image."""

    type: Literal["PlatformImage"]
    publisher: Identifier
    offer: Identifier
    sku: Identifier
    version: SourceVersion
    plan_info: PurchasePlanShape | None = None


class SharedImageVersionSource(Shape):
    """A version of a compute gallery's image."""

    type: Literal["SharedImageVersion"]
    image_version_id: ImageVersionId


class ManagedImageSource(Shape):
    """A managed image."""

    type: Literal["ManagedImage"]
    image_id: ManagedImageId


Source = Annotated[PlatformImageSource | SharedImageVersionSource | ManagedImageSource, Field(discriminator="type")]


class Script(Shape):
    """What runs in the machine: commands, or a script that is downloaded when the template is submitted."""

    name: Word | None = None
    inline: list[Command] | None = None
    script_uri: Address | None = None
    sha256_checksum: Sha256 | None = None

    @model_validator(mode="after")
    def _has_commands_or_script(self) -> Self:
        if self.inline and self.script_uri:
            raise refusal("it has both inline and scriptUri", "one of the two", "inline")
        if not self.inline and not self.script_uri:
            raise refusal("it has nothing to run", "inline (a list of commands) or scriptUri (an address)")
        if self.sha256_checksum and not self.script_uri:
            raise refusal("a checksum needs a scriptUri", "a scriptUri, or no checksum", "sha256Checksum")
        return self


class Shell(Script):
    """A script for Linux."""

    type: Literal["Shell"]


class PowerShell(Script):
    """A script for Windows."""

    type: Literal["PowerShell"]
    run_elevated: bool | None = None
    run_as_system: bool | None = None
    valid_exit_codes: list[int] | None = None


class File(Shape):
    """A file (less than 20 MB) that is put into the machine."""

    type: Literal["File"]
    name: Word | None = None
    source_uri: Address
    destination: Word
    sha256_checksum: Sha256 | None = None


class WindowsRestart(Shape):
    """A restart of Windows."""

    type: Literal["WindowsRestart"]
    name: Word | None = None
    restart_command: Command | None = None
    restart_check_command: Command | None = None
    restart_timeout: RestartTimeout | None = None


class WindowsUpdate(Shape):
    """A run of Windows Update."""

    type: Literal["WindowsUpdate"]
    name: Word | None = None
    search_criteria: str | None = None
    filters: list[str] | None = None
    update_limit: Annotated[int, Field(ge=0)] | None = None


Customizer = Annotated[Shell | PowerShell | File | WindowsRestart | WindowsUpdate, Field(discriminator="type")]
Validator = Annotated[Shell | PowerShell | File, Field(discriminator="type")]


class Validation(Shape):
    """What is run in a machine that is made of the image, before it is distributed."""

    continue_distribute_on_failure: bool | None = None
    source_validation_only: bool | None = None
    in_vm_validations: Annotated[list[Validator] | None, Field(alias="inVMValidations")] = None


class BootOptimization(Shape):
    """Whether the image is made to boot faster."""

    state: Switch


class WorkloadOptimization(Shape):
    """Whether the image is optimized for a workload, with a script that exercises it."""

    state: Switch
    script_uri: Address | None = None
    sha256_checksum: Sha256 | None = None


class Optimization(Shape):
    """The optimizations of an image."""

    vm_boot: BootOptimization | None = None
    workload: WorkloadOptimization | None = None


class ErrorHandling(Shape):
    """What becomes of the build machine after an error."""

    on_customizer_error: OnError | None = None
    on_validation_error: OnError | None = None


class NetworkConfiguration(Shape):
    """Where the build machine stands."""

    subnet_id: SubnetId | None = None
    container_instance_subnet_id: SubnetId | None = None
    proxy_vm_size: VmSize | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.container_instance_subnet_id and self.proxy_vm_size:
            raise refusal("there is no proxy machine with containerInstanceSubnetId", "one of the two", "proxyVmSize")
        if self.container_instance_subnet_id and not self.subnet_id:
            raise refusal(
                "containerInstanceSubnetId needs subnetId",
                "a subnetId of the same virtual network beside it",
                "containerInstanceSubnetId",
            )
        return self


class VmProfile(Shape):
    """The build machine."""

    vm_size: VmSize | None = None
    os_disk_size_gb: Annotated[int | None, Field(alias="osDiskSizeGB", ge=0, le=4095)] = None
    user_assigned_identities: list[IdentityId] | None = None
    vnet_config: NetworkConfiguration | None = None


class DataDisk(Shape):
    """A data disk to be added to the image."""

    size_gb: Annotated[int, Field(alias="sizeGB", ge=1, le=32767)]


def _no_runs_by_themselves(state: str) -> str:
    if state == "Enabled":
        raise refusal("Azure would start builds by itself that no run knows of", "Disabled, or leave it out")
    return state


class AutoRun(Shape):
    """Whether Azure starts a build once the template is there; a run does that."""

    state: Annotated[Switch, AfterValidator(_no_runs_by_themselves)]


class ImageTemplateProperties(Shape):
    """The whole of it."""

    source: Source
    customize: list[Customizer] | None = None
    optimize: Optimization | None = None
    validation: Annotated[Validation | None, Field(alias="validate")] = None
    distribute: list[Distributor]
    error_handling: ErrorHandling | None = None
    build_timeout_in_minutes: BuildTimeout | None = None
    vm_profile: VmProfile | None = None
    additional_data_disks: list[DataDisk] | None = None
    staging_resource_group: ResourceGroupId | None = None
    auto_run: AutoRun | None = None
    managed_resource_tags: TagsOfBuild | None = None

    @model_validator(mode="after")
    def _run_outputs_have_their_own_names(self) -> Self:
        names = [each.run_output_name.lower() for each in self.distribute]
        if len(set(names)) < len(names):
            raise refusal("two distributors have the same runOutputName", "a name of its own for each", "distribute")
        return self

    def image_definition_id(self) -> str | None:
        """Return the image definition that a version is published of, or None where none is."""
        return next((each.target for each in self.distribute if isinstance(each, SharedImageDistributor)), None)

    def distribution_targets(self) -> tuple[str, ...]:
        """Return the ids of the image definitions and managed images that get something; a VHD has none."""
        return tuple(dict.fromkeys(each.target for each in self.distribute if each.target))
