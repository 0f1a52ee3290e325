"""Finds what is configured by the names that an operator gives, whatever their case, or tells which were meant."""

from configuration.checking.findings import Findings
from configuration.checking.json_with_comments import JsonPath
from configuration.checking.source_file import SourceFile
from configuration.checking.unknown_keys import nearest
from models.faults import Fault


def unknown_name(source: SourceFile, path: JsonPath, kind: str, asked: str, names: list[str]) -> Fault:
    """Return the fault of a name that nothing of its kind has."""
    return source.fault(path, f"there is no {kind} {asked[:80]}", nearest(asked, names) or f"one of {', '.join(names)}")


def environments_between(
    asked: tuple[str | None, str | None], names: list[str], source: SourceFile, path: JsonPath, findings: Findings
) -> tuple[str, ...]:
    """Return the environments from the start to the stop that are asked for; the first and the last by default.

    `names` are those of all environments, in the pipeline's order; `path` leads to the object with the keys
    `startEnvironment` and `stopEnvironment`.
    """
    by_lower = {name.lower(): index for index, name in enumerate(names)}
    unknown = [
        unknown_name(source, (*path, key), "environment", name, names)
        for key, name in zip(("startEnvironment", "stopEnvironment"), asked, strict=True)
        if name is not None and name.lower() not in by_lower
    ]
    findings.faults.extend(unknown)
    start, stop = (
        default if name is None else by_lower.get(name.lower(), default)
        for name, default in zip(asked, (0, len(names) - 1), strict=True)
    )
    if start > stop and not unknown:
        problem = f"{names[stop]} comes before {names[start]} in the pipeline"
        instead = f"{names[start]} or a later one of {', '.join(names)}"
        findings.faults.append(source.fault((*path, "stopEnvironment"), problem, instead))
    return tuple(names[start : stop + 1])
