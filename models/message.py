"""The base of every message: frozen, typed inside, plain camel-case JSON at the border."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

type JsonValue = str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None
type JsonObject = dict[str, Any]


class Message(BaseModel):
    """What crosses the border of an orchestration or of the HTTP API.

    Unknown fields are ignored, so that an instance that was started by a newer version can still be read; a field
    that is added later needs a default, so that one started by an older version can.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        # `to_payload` leaves nothing out.
        json_schema_serialization_defaults_required=True,
    )

    def to_payload(self) -> JsonObject:
        """Return plain JSON: times as ISO 8601 in UTC, durations as ISO 8601 durations, absent values as null."""
        return self.model_dump(mode="json")

    @classmethod
    def from_payload(cls, payload: Any) -> Self:
        """Read what `to_payload` wrote; raises pydantic's ValidationError where it cannot be that."""
        return cls.model_validate(payload)
