"""The form of ARM deployment-parameter files, which holds the parameters of either kind."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from configuration.checking.shape import UNSET, Shape
from configuration.checking.texts import ResourceGroupName


class Parameter[Value](Shape):
    """A parameter; ARM's `metadata` is allowed and not read."""

    value: Value
    metadata: dict[str, Any] | None = None


class Parameters(Shape):
    """The parameters of a file; one with an empty value is one left out."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty_parameters(cls, members: Any) -> Any:
        if not isinstance(members, dict):
            return members
        empty, known = [{"value": value} for value in UNSET], cls.written_keys()
        return {key: value for key, value in members.items() if not (key in known and value in empty)}


class ParameterFile[Contents: Parameters](Shape):
    """A whole file."""

    schema_address: Annotated[str | None, Field(alias="$schema")] = None
    content_version: str | None = None
    parameters: Contents


class ResourceGroupParameter(Shape):
    """The resource group of an environment."""

    name: ResourceGroupName
