"""Makes the operator's customization steps ready for Azure Image Builder, which reads scripts with its identity.

`<SAS>` is dropped from addresses, and a command that fetches with a key becomes a File customizer in the same place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from configuration.checking.json_with_comments import JsonPath
from configuration.checking.source_file import SourceFile
from configuration.scripts.fetches import needs_key, parse_fetch, without_key_placeholder
from models.faults import Fault, Remark
from models.message import JsonObject

type Origins = dict[JsonPath, JsonPath]


@dataclass(frozen=True, slots=True)
class ComposedSteps:
    """The steps for ARM, and for each part (from the index on) the path in the operator's file."""

    steps: list[Any]
    origins: Origins
    faults: list[Fault]
    remarks: list[Remark]


def compose_steps(source: SourceFile, written: list[Any], operator_path: JsonPath) -> ComposedSteps:
    """Return what becomes of the list of steps that stands at `operator_path`."""
    composed = ComposedSteps([], {}, [], [])
    for index, step in enumerate(written):
        step_path = (*operator_path, index)
        for part, origins in _split(step, step_path):
            here = len(composed.steps)
            composed.origins[here,] = step_path
            composed.origins.update({(here, *path): origin for path, origin in origins.items()})
            composed.steps.append(part)
        for finding in _findings(source, step, step_path):
            if isinstance(finding, Fault):
                composed.faults.append(finding)
            else:
                composed.remarks.append(finding)
    return composed


def _split(step: Any, step_path: JsonPath) -> Iterator[tuple[Any, Origins]]:
    """Return the steps that become of one, each with the origins of its parts within it."""
    if not isinstance(step, dict):
        yield step, {}
        return
    step = {key: without_key_placeholder(value) if key.endswith("Uri") else value for key, value in step.items()}
    lines = step.get("inline")
    if not isinstance(lines, list) or not any(needs_key(line) and parse_fetch(line) for line in lines):
        yield step, {}
        return
    commands: dict[int, Any] = {}
    for index, line in enumerate(lines):
        fetch = parse_fetch(line) if needs_key(line) else None
        if fetch is None:
            commands[index] = line
            continue
        yield from _command_step(step, commands, step_path)
        commands = {}
        origin = (*step_path, "inline", index)
        file_step = {
            "type": "File",
            "name": f"Fetch {fetch.destination}",
            "sourceUri": fetch.address,
            "destination": fetch.destination,
        }
        yield file_step, dict.fromkeys((("name",), ("sourceUri",), ("destination",)), origin)
    yield from _command_step(step, commands, step_path)


def _command_step(
    step: JsonObject, commands: dict[int, Any], step_path: JsonPath
) -> Iterator[tuple[JsonObject, Origins]]:
    if commands:
        origins: Origins = {
            ("inline", position): (*step_path, "inline", index) for position, index in enumerate(commands)
        }
        yield {**step, "inline": list(commands.values())}, origins


def _findings(source: SourceFile, step: Any, step_path: JsonPath) -> Iterator[Fault | Remark]:
    """Tell of each command that fetches with a key: what becomes of it, or that nothing can."""
    lines = step.get("inline") if isinstance(step, dict) else None
    for index, line in enumerate(lines if isinstance(lines, list) else []):
        if not needs_key(line):
            continue
        path = (*step_path, "inline", index)
        fetch = parse_fetch(line)
        if fetch:
            yield source.remark(
                path,
                f"the command becomes a File customizer that puts {fetch.destination} in place: only that can read "
                "with Azure Image Builder's identity; the commands before and after it run in shells of their own",
                "a File customizer",
            )
        else:
            yield source.fault(
                path, "the command needs a key in an address, and there is none", "a File customizer before this step"
            )
