"""What `<env>.imageInfra.parameters.json` may say."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configuration.checking.parameter_file_shape import Parameter, ParameterFile, Parameters, ResourceGroupParameter
from configuration.checking.shape import Shape, refusal
from configuration.checking.texts import (
    Address,
    ContainerName,
    EndOfLife,
    GalleryName,
    Identifier,
    IdentityName,
    ImageDefinitionName,
    Region,
    StorageAccountName,
    Tags,
    Word,
)
from configuration.pipeline_shape import OsName

Amount = Annotated[int, Field(ge=1, le=100_000)]
SecurityType = Literal[
    "Standard",
    "TrustedLaunch",
    "TrustedLaunchSupported",
    "TrustedLaunchAndConfidentialVmSupported",
    "ConfidentialVM",
    "ConfidentialVMSupported",
]


class IdentityParameter(Shape):
    """The user-assigned identity that Azure Image Builder works with."""

    name: IdentityName


class RoleAssignmentParameter(Shape):
    """Accepted, since today's files have it; the roles are assigned where they are needed, and no wider."""

    role_definition_id_or_name: Word | None = None


class ContainerShape(Shape):
    """A container of the storage account; never public."""

    name: ContainerName
    public_access: Literal["None"] | None = None


class BlobServicesShape(Shape):
    """The containers; the first one holds the scripts."""

    containers: list[ContainerShape] | None = None


class StorageAccountParameter(Shape):
    """The storage account of the customization scripts."""

    name: StorageAccountName
    blob_services: BlobServicesShape | None = None


class ImageDefinitionShape(Shape):
    """An image definition; what is left out has the default that is given here."""

    name: ImageDefinitionName
    os_type: OsName
    os_state: Literal["Generalized"] = "Generalized"
    publisher: Identifier
    offer: Identifier
    sku: Identifier
    hyper_v_generation: Literal["V1", "V2"] = "V1"
    security_type: SecurityType = "Standard"
    architecture: Literal["x64", "Arm64"] = "x64"
    min_recommended_vcpus: Annotated[Amount, Field(alias="minRecommendedvCPUs")] = 1
    max_recommended_vcpus: Annotated[Amount, Field(alias="maxRecommendedvCPUs")] = 4
    min_recommended_memory: Annotated[Amount, Field(description="GB")] = 4
    max_recommended_memory: Annotated[Amount, Field(description="GB")] = 16
    description: str | None = None
    eula: str | None = None
    privacy_statement_uri: Address | None = None
    release_note_uri: Address | None = None
    plan_name: Word | None = None
    product_name: Word | None = None
    plan_publisher_name: Word | None = None
    end_of_life: EndOfLife | None = None
    excluded_disk_types: list[Word] | None = None
    tags: Tags | None = None

    @model_validator(mode="after")
    def _ranges_go_upwards(self) -> Self:
        for kind, low, high in (
            ("vCPUs", self.min_recommended_vcpus, self.max_recommended_vcpus),
            ("Memory", self.min_recommended_memory, self.max_recommended_memory),
        ):
            if low > high:
                lower = f"minRecommended{kind}"
                raise refusal(f"{lower} {low} is above maxRecommended{kind} {high}", f"at most {high}", lower)
        return self

    @model_validator(mode="after")
    def _plan_is_whole(self) -> Self:
        plan = {
            "planName": self.plan_name,
            "productName": self.product_name,
            "planPublisherName": self.plan_publisher_name,
        }
        missing = [key for key, value in plan.items() if not value]
        if missing and len(missing) < len(plan):
            raise refusal("the purchase plan is not whole", f"{' and '.join(missing)} too, or none of the three")
        return self

    @model_validator(mode="after")
    def _security_has_its_generation(self) -> Self:
        if self.security_type != "Standard" and self.hyper_v_generation == "V1":
            raise refusal(
                f"{self.security_type} needs generation 2",
                '"hyperVGeneration": "V2", or no securityType',
                "securityType",
            )
        return self


class GalleryParameter(Shape):
    """The compute gallery and its image definitions."""

    name: GalleryName
    images: list[ImageDefinitionShape]


class InfrastructureParameters(Parameters):
    """The parameters of the file."""

    rg_param: Parameter[ResourceGroupParameter]
    msi_param: Parameter[IdentityParameter]
    msi_role_assignment_param: Parameter[RoleAssignmentParameter] | None = None
    sa_param: Parameter[StorageAccountParameter]
    acg_param: Parameter[GalleryParameter]
    location: Parameter[Region] | None = None


InfrastructureFile = ParameterFile[InfrastructureParameters]
