"""The base of all shapes: what an operator may write, checked by pydantic."""

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from configuration.checking.placeholders import find_placeholders, is_arm_expression

UNSET: Final[tuple[Any, ...]] = ("", [], None)


class Shape(BaseModel):
    """An object that an operator writes: no unknown keys, no conversions, and an empty member is one left out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    @classmethod
    def written_keys(cls) -> tuple[str, ...]:
        """Return the keys that the object may have, as they are written."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty_members(cls, members: Any) -> Any:
        if not isinstance(members, dict):
            return members
        known = cls.written_keys()
        return {key: value for key, value in members.items() if not (key in known and value in UNSET)}

    def to_json(self) -> dict[str, Any]:
        """Return what was written, without empty members."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class RequestShape(Shape):
    """An object that a request carries: only a text that may be left out may be empty, or null, in place of that."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty_members(cls, members: Any) -> Any:
        if not isinstance(members, dict):
            return members
        texts = {field.alias or name for name, field in cls.model_fields.items() if field.default is None}
        return {key: value for key, value in members.items() if not (key in texts and value in ("", None))}


def refusal(problem: str, instead: str, member: str | None = None) -> PydanticCustomError:
    """Return the error for a validator to raise; `member` is the key within the object that is to be mended."""
    context = {"problem": problem, "instead": instead, "member": member}
    return PydanticCustomError("refusal", "{problem}; write {instead}", context)


@dataclass(frozen=True, slots=True)
class Form:
    """How a text must look, as a pattern and in words (`what` follows "it is no")."""

    pattern: str
    what: str

    def check(self, text: str) -> str:
        """Return the text; raises a refusal where it has a placeholder or another form."""
        refuse_placeholder(text)
        if not re.fullmatch(self.pattern, text):
            article = "an" if self.what[0] in "aeio" else "a"
            raise refusal(f"it is no {self.what}", f"{article} {self.what}")
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the form after the type."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors the pattern."""
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


def placeholder_words(placeholders: list[str]) -> tuple[str, str]:
    """Return what is wrong with placeholders (of which there is at least one) and what to write instead."""
    if is_arm_expression(placeholders[0]):
        return f"the placeholder {placeholders[0]} is left in it: ARM's expressions are not evaluated", "the real value"
    if len(placeholders) == 1:
        return f"the placeholder {placeholders[0]} is left in it", "the real value"
    return f"the placeholders {', '.join(placeholders)} are left in it", "the real values"


def refuse_placeholder(text: str) -> str:
    """Return the text; raises a refusal that names the placeholders in it."""
    placeholders = find_placeholders(text)
    if placeholders:
        raise refusal(*placeholder_words(placeholders))
    return text
