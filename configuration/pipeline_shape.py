"""What `pipeline.json` may say."""

from typing import Annotated, Literal

from pydantic import Field

from configuration.shape import Shape
from configuration.texts import ChosenName, Guid, Region, SignInName

type OsName = Literal["Linux", "Windows"]


class ApprovalShape(Shape):
    """A decision of people that a stage waits for; without `approvers`, of anyone who may call the app."""

    approvers: Annotated[list[SignInName], Field(max_length=100)] | None = None
    timeout_minutes: Annotated[int, Field(ge=1, le=86_400)] = 10_080
    not_by_starter: bool = False


class EnvironmentShape(Shape):
    """An environment: where its subscription is, where its resources stand, and who lets a run in."""

    name: ChosenName
    subscription_id: Guid
    location: Region
    approval: ApprovalShape | None = None


class ImageShape(Shape):
    """An image that the pipeline builds."""

    name: ChosenName
    os_type: OsName


class PipelineShape(Shape):
    """The environments in the order in which a run walks them, and the images."""

    schema_address: Annotated[str | None, Field(alias="$schema")] = None
    environments: Annotated[list[EnvironmentShape], Field(max_length=50)]
    images: Annotated[list[ImageShape], Field(max_length=200)]
