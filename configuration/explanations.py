"""Turns pydantic's errors into faults: where, what is wrong, what to write instead."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configuration.json_with_comments import JsonPath
from configuration.shape import Shape
from configuration.source_file import SourceFile
from models.faults import Fault

# Leads from a path in composed data to the one in the operator's file; None is for what was composed of other values.
type OperatorPath = Callable[[JsonPath], JsonPath | None]

# Keys that belong to a later version or to something that would go behind a run's back.
NOT_SUPPORTED: Final = {
    "schedule": "a schedule",
    "retention": "retention",
    "notifications": "notifications",
    "autoRun": "builds that Azure starts by itself",
}
# Keys of older modules, and what they are called today.
_FORMER_KEYS: Final = {"imageTemplateName": "name", "lockForDeletion": "lock"}
_LONGEST_CHOICE: Final = 12
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
    "too_long": ("it has {actual_length} entries, more than {max_length}", "at most {max_length}"),
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
            problem, instead = _words(detail, file_path, _shapes_at(shape, detail["loc"][:-1]))
        place = source.node.place_of_key(file_path) if detail["type"] == "extra_forbidden" else None
        yield source.fault(file_path, problem, instead, place=place)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word that was probably meant, whatever the case."""
    by_lower = {candidate.lower(): candidate for candidate in words}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


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


def _words(detail: ErrorDetails, path: JsonPath, shapes: list[type[Shape]]) -> tuple[str, str]:
    """Return what is wrong and what to write instead."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    key = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return _unknown_key(key, shapes)
    if kind in {"literal_error", "union_tag_invalid"}:
        return _unknown_word(str(context.get("tag", value)), context.get("expected") or context["expected_tags"])
    if kind in _WANTED:
        return f"{kind_of(value)} stands where {_WANTED[kind]} belongs", _as_wanted(kind, value) or _WANTED[kind]
    if kind not in _SENTENCES:
        return detail["msg"], "what docs/parameter-files.md says"
    problem, instead = _SENTENCES[kind]
    facts = {"key": key, **context}
    return problem.format(**facts), instead.format(**facts)


def _unknown_key(key: str, shapes: list[type[Shape]]) -> tuple[str, str]:
    """Return what to say of a key that none of these shapes has: one of them is wanted where it stands."""
    if key in NOT_SUPPORTED:
        return f"{NOT_SUPPORTED[key]}: not supported by this version", "nothing: leave the key out"
    known_keys = tuple(dict.fromkeys(known for shape in shapes for known in shape.written_keys()))
    meant = nearest(key, known_keys)
    if meant and meant.lower() == key.lower():
        return f"the key {key} is spelt in the wrong case", meant
    deeper = [path for shape in shapes for path in _paths_below(shape, key, levels=2)]
    belongs = deeper[0] if len(deeper) == 1 else None
    former = _FORMER_KEYS.get(key)
    renamed = former if former in known_keys else None
    choice = ", ".join(known_keys) if len(known_keys) <= _LONGEST_CHOICE else "the keys in docs/parameter-files.md"
    return f"the key {key} is unknown here", renamed or meant or belongs or f"one of {choice}"


def _paths_below(shape: type[Shape], key: str, levels: int) -> Iterator[str]:
    """Return where below a shape a key belongs."""
    for name, field in shape.model_fields.items():
        for inner in _shapes_in(field.annotation):
            here = f"{field.alias or name}."
            if key in inner.written_keys():
                yield here + key
            elif levels > 1:
                yield from (here + path for path in _paths_below(inner, key, levels - 1))


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
        return f'"{value}"'
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
            shapes = [found for field in fields for found in _shapes_in(field.annotation)] or shapes
    return shapes


def _tags(shape: type[Shape]) -> tuple[Any, ...]:
    field = shape.model_fields.get("type") or shape.model_fields.get("scheme")
    return get_args(field.annotation) if field else ()


def _shapes_in(annotation: Any) -> Iterator[type[Shape]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, Shape):
            yield annotation
        return
    for part in get_args(annotation):
        yield from _shapes_in(part)
