"""What `pipeline.json` may say."""

from typing import Annotated, Literal

from pydantic import Field

from configuration.shape import Shape
from configuration.texts import ChosenName, Guid, Region

type OsName = Literal["Linux", "Windows"]


class EnvironmentShape(Shape):
    """An environment: where its subscription is, and where its resources stand."""

    name: ChosenName
    subscription_id: Guid
    location: Region


class ImageShape(Shape):
    """An image that the pipeline builds."""

    name: ChosenName
    os_type: OsName


class PipelineShape(Shape):
    """The environments in the order in which a run walks them, and the images."""

    schema_address: Annotated[str | None, Field(alias="$schema")] = None
    environments: Annotated[list[EnvironmentShape], Field(max_length=50)]
    images: Annotated[list[ImageShape], Field(max_length=200)]
