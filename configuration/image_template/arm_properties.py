"""Walks through ARM-shaped properties of an image template that may still be of any shape."""

from collections.abc import Iterator
from typing import Any, Final

from configuration.checking.json_with_comments import JsonPath
from models.message import JsonObject

# Where a file of parameters has its image template.
PARAMETER: Final[JsonPath] = ("parameters", "itParam", "value")
STEP_LISTS: Final[tuple[JsonPath, ...]] = (("customize",), ("validate", "inVMValidations"))


def value_at(value: Any, path: JsonPath) -> Any:
    """Return what stands at a path of keys, or None."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def steps(properties: JsonObject) -> Iterator[tuple[JsonPath, JsonObject]]:
    """Return each customizer and validator with its path."""
    for list_path in STEP_LISTS:
        entries = value_at(properties, list_path)
        for index, step in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(step, dict):
                yield (*list_path, index), step


def distributors(properties: JsonObject) -> Iterator[tuple[JsonPath, JsonObject]]:
    """Return each distributor with its path."""
    entries = properties.get("distribute")
    for index, distributor in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(distributor, dict):
            yield ("distribute", index), distributor


def script_addresses(properties: JsonObject) -> Iterator[tuple[JsonPath, str]]:
    """Return each address that Azure Image Builder downloads from, with its path."""
    workload: JsonPath = ("optimize", "workload")
    for path, holder in (*steps(properties), (workload, value_at(properties, workload))):
        for key in ("scriptUri", "sourceUri"):
            address = value_at(holder, (key,))
            if isinstance(address, str):
                yield (*path, key), address
