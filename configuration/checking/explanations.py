"""Turns pydantic's errors into faults: where, what is wrong, what to write instead."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from configuration.checking.json_with_comments import JsonPath
from configuration.checking.placeholders import find_placeholders, is_arm_expression
from configuration.checking.shape import Shape, placeholder_words
from configuration.checking.source_file import SourceFile
from configuration.checking.unknown_keys import nearest, shapes_in, unknown_key
from models.faults import Fault

# Leads from a path in composed data to the one in the operator's file; None is for what was composed of other values.
type OperatorPath = Callable[[JsonPath], JsonPath | None]

_WANTED: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_SENTENCES: Final = {
    "refusal": ("{problem}", "{instead}"),
    "missing": ("it is missing", '"{key}": …'),
    "union_tag_not_found": ("it is missing", '"{key}": …'),
    "greater_than_equal": ("it is less than {ge}", "{ge} or more"),
    "less_than_equal": ("it is more than {le}", "{le} or less"),
    "too_short": ("it is empty", "at least {min_length}"),
    "too_long": ("it has more than {max_length} entries", "at most {max_length}"),
}


def explain(
    error: ValidationError,
    source: SourceFile,
    shape: type[Shape],
    data: Any,
    operator_path: Callable[[JsonPath], JsonPath | None],
) -> Iterator[Fault]:
    """Return a fault for each error of validating `data` as `shape`.

    What was composed of other values is passed over: their own faults have been told.
    """
    for detail in error.errors(include_url=False):
        path = _path_in(data, detail)
        context = detail.get("ctx", {})
        member = context.get("member") or context.get("discriminator", "").strip("'")
        file_path = operator_path((*path, member) if member else path)
        if file_path is None:
            continue
        if detail["type"] == "missing" and source.node.find(file_path):
            problem, instead = "it is empty", "a value"
        else:
            problem, instead = _words(detail, file_path, shape)
        is_of_key = detail["type"] == "extra_forbidden" or detail["loc"][-1:] == ("[key]",)
        place = source.node.place_of_key(file_path) if is_of_key else None
        yield source.fault(file_path, problem, instead, place=place)


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words."""
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "null")


def _words(detail: ErrorDetails, path: JsonPath, shape: type[Shape]) -> tuple[str, str]:
    """Return what is wrong and what to write instead."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    key = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        location = detail["loc"]
        return unknown_key(key, _shapes_at(shape, location[:-1]), _shapes_around(shape, location[:-1]))
    if isinstance(value, str) and kind in {*_WANTED, "literal_error"} and _is_to_be_filled_in(value, kind):
        return placeholder_words(find_placeholders(value))
    if kind in {"literal_error", "union_tag_invalid"}:
        return _unknown_word(str(context.get("tag", value)), context.get("expected") or context["expected_tags"])
    if kind in _WANTED:
        return f"{kind_of(value)} stands where {_WANTED[kind]} belongs", _as_wanted(kind, value) or _WANTED[kind]
    if kind not in _SENTENCES:
        return detail["msg"], "what docs/parameter-files.md says"
    problem, instead = _SENTENCES[kind]
    facts = {"key": key, **context}
    return problem.format(**facts), instead.format(**facts)


def _is_to_be_filled_in(text: str, kind: str) -> bool:
    """Say whether a text of the wrong type is rather a value that is still to come; commands are no placeholders."""
    is_single = kind not in {"list_type", "dict_type", "model_type", "model_attributes_type"}
    return is_arm_expression(text) or (is_single and bool(find_placeholders(text)))


def _unknown_word(word: str, expected: str) -> tuple[str, str]:
    words = [choice.strip(" '") for choice in expected.replace(" or ", ",").split(",")]
    return f"{word} is none of the words for it", nearest(word, words) or " or ".join(words)


def _as_wanted(kind: str, value: Any) -> str | None:
    """Return the value written as it should be, where it only has the wrong form."""
    if kind == "list_type" and isinstance(value, str | int):
        return f"[{value}]" if str(value).isdecimal() else '["…"]'
    if kind == "bool_type" and str(value).lower() in {"true", "false"}:
        return f"{str(value).lower()} (without quotes)"
    if kind == "int_type" and isinstance(value, str) and value.isdecimal():
        return f"{value} (without quotes)"
    if kind == "string_type" and isinstance(value, int | float):
        return f'"{json.dumps(value)}"'
    return None


def _path_in(data: Any, detail: ErrorDetails) -> JsonPath:
    """Return the JSON path of an error: pydantic's location also names the members of unions."""
    path: list[str | int] = []
    last = len(detail["loc"]) - 1
    for position, part in enumerate(detail["loc"]):
        children = _children(data)
        if part in children:
            path.append(part)
            data = children[part]
        elif position == last and detail["type"] == "missing":
            path.append(part)
    return tuple(path)


def _children(value: Any) -> dict[str | int, Any]:
    return dict(enumerate(value)) if isinstance(value, list) else value if isinstance(value, dict) else {}


def _shapes_at(shape: type[Shape], location: tuple[str | int, ...]) -> list[type[Shape]]:
    """Return the shapes that the object at a location of pydantic's may have."""
    shapes = [shape]
    for part in location:
        tagged = [candidate for candidate in shapes if part in _tags(candidate)]
        if tagged:
            shapes = tagged
        elif isinstance(part, str):
            fields = [
                field
                for candidate in shapes
                for name, field in candidate.model_fields.items()
                if part in {field.alias, name}
            ]
            shapes = [found for field in fields for found in shapes_in(field.annotation)] or shapes
    return shapes


def _shapes_around(shape: type[Shape], location: tuple[str | int, ...]) -> list[tuple[str, type[Shape]]]:
    """Return the shapes of the next object around a location of pydantic's, each with the key that leads there."""
    for length in range(len(location) - 1, -1, -1):
        part = location[length]
        found = [each for each in _shapes_at(shape, location[:length]) if part in each.written_keys()]
        if found:
            return [(str(part), each) for each in found]
    return []


def _tags(shape: type[Shape]) -> tuple[Any, ...]:
    field = shape.model_fields.get("type") or shape.model_fields.get("scheme")
    return get_args(field.annotation) if field else ()
