"""Shapes of JSON bodies, and the sentences that tell where a body does not have one.

A shape is a `Thing`, a `Choice`, a `MapOf`, a list with the shape of its elements, a scalar type, or `Any`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAMES = {str: "a string", bool: "a boolean", int: "an integer"}


@dataclass(frozen=True)
class Thing:
    """An object with known properties."""

    known: Mapping[str, Any]
    required: tuple[str, ...] = ()

    def problems(self, value: Any, path: str) -> Iterator[str]:
        """What is missing, unknown or of another shape."""
        if not isinstance(value, dict):
            yield f"'{path}' must be an object."
            return
        prefix = f"{path}." if path else ""
        for name in self.required:
            if value.get(name) is None:
                yield f"Required property '{prefix}{name}' is missing."
        for name, inner in value.items():
            if name not in self.known:
                yield f"Could not find member '{name}' on object at '{path or '$'}'."
            else:
                yield from problems(inner, self.known[name], f"{prefix}{name}")


@dataclass(frozen=True)
class Choice:
    """An object whose kind is told by one of its properties."""

    discriminator: str
    kinds: Mapping[str, Thing]

    def problems(self, value: Any, path: str) -> Iterator[str]:
        """An unknown kind, or what is wrong with one of this kind."""
        kind = str(value.get(self.discriminator)) if isinstance(value, dict) else ""
        if kind in self.kinds:
            yield from self.kinds[kind].problems(value, path)
        else:
            yield f"'{path}.{self.discriminator}' must be one of {', '.join(self.kinds)}; it is '{kind}'."


@dataclass(frozen=True)
class MapOf:
    """An object with any property names."""

    value: Any

    def problems(self, value: Any, path: str) -> Iterator[str]:
        """Values of another shape."""
        if not isinstance(value, dict):
            yield f"'{path}' must be an object."
            return
        for name, inner in value.items():
            yield from problems(inner, self.value, f"{path}.{name}")


def problems(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """One sentence for each place where `value` does not have the shape; null stands for an absent value."""
    if value is None or shape is Any:
        return
    if isinstance(shape, Thing | Choice | MapOf):
        yield from shape.problems(value, path)
    elif isinstance(shape, list):
        yield from _problems_of_list(value, shape[0], path)
    elif type(value) is not shape:
        yield f"'{path}' must be {_NAMES[shape]}; it is {value!r}."


def _problems_of_list(value: Any, element: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"'{path}' must be an array."
        return
    for index, inner in enumerate(value):
        yield from problems(inner, element, f"{path}[{index}]")
