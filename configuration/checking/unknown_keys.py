"""Says what is wrong with a key that an object does not have, and which one was probably meant."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel

from configuration.checking.placeholders import is_comment_key
from configuration.checking.shape import Shape

# Keys that belong to a later version.
_NOT_SUPPORTED: Final = {"retention": "retention", "notifications": "notifications"}
_WRITTEN_BY_AZURE: Final = frozenset(
    {
        "clientId", "exactStagingResourceGroup", "exactVersion", "id", "lastRunStatus", "principalId",
        "provisioningError", "provisioningState", "systemData", "tenantId",
    }
)  # fmt: skip
# Keys of older modules or of ARM, and what they are called in an object that has the second.
_OTHER_NAMES: Final = {
    "imageTemplateName": "name",
    "lockForDeletion": "lock",
    "source": "imageSource",
    "customize": "customizationSteps",
}
_IN_ANOTHER_FILE: Final = {
    key: f"{key} of the image definition, in the file of the infrastructure"
    for key in ("hyperVGeneration", "securityType", "architecture", "osState")
}
_LONGEST_CHOICE: Final = 12
_SHORTEST_PART: Final = 4


def nearest(word: str, words: Iterable[str], *, likeness: float = 0.7) -> str | None:
    """Return the word that was probably meant, whatever the case; `likeness` is difflib's ratio, from 0 to 1."""
    by_lower = {candidate.lower(): candidate for candidate in words}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def unknown_key(key: str, shapes: Sequence[type[Shape]], around: Sequence[tuple[str, type[Shape]]]) -> tuple[str, str]:
    """Return what is wrong with a key and what to write instead.

    One of `shapes` is wanted where it stands, one of `around` in the next object around that, each with the key in it
    that leads here.
    """
    if key in _NOT_SUPPORTED:
        return f"{_NOT_SUPPORTED[key]}: not supported by this version", "nothing: leave the key out"
    if key in _WRITTEN_BY_AZURE:
        return f"{key} is what Azure tells, and nobody can set it", "nothing: leave the key out"
    if is_comment_key(key):
        return f"the key {key} is unknown here", "a comment: // …"
    known_keys = tuple(dict.fromkeys(known for shape in shapes for known in shape.written_keys()))
    meant = nearest(key, known_keys)
    if meant and meant.lower() == key.lower():
        return f"the key {key} is spelt in the wrong case", meant
    other_name = _OTHER_NAMES.get(key)
    choice = ", ".join(known_keys) if len(known_keys) <= _LONGEST_CHOICE else "the keys in docs/parameter-files.md"
    instead = (
        (other_name if other_name in known_keys else None)
        or _only([path for shape in shapes for path in _paths_below(shape, key, levels=2)])
        or next((f"{key} beside {part}" for part, shape in around if key in shape.written_keys()), None)
        or meant
        or _only([known for known in known_keys if len(key) >= _SHORTEST_PART and key.lower() in known.lower()])
        or _IN_ANOTHER_FILE.get(key)
        or f"one of {choice}"
    )
    return f"the key {key} is unknown here", instead


def shapes_in(annotation: Any) -> Iterator[type[Shape]]:
    """Return the shapes that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, Shape):
            yield annotation
        return
    for part in get_args(annotation):
        yield from shapes_in(part)


def _paths_below(shape: type[Shape], key: str, levels: int) -> Iterator[str]:
    """Return where below a shape a key belongs."""
    for name, field in shape.model_fields.items():
        for inner in shapes_in(field.annotation):
            here = f"{field.alias or name}."
            if key in inner.written_keys():
                yield here + key
            elif levels > 1:
                yield from (here + path for path in _paths_below(inner, key, levels - 1))


def _only(candidates: list[str]) -> str | None:
    return candidates[0] if len(candidates) == 1 else None
