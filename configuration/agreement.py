"""Checks that an image template agrees with its environment's infrastructure and with the image's operating system.

Works on what stands in the files, even where other values there are wrong: one report shall have all faults.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeIs

from configuration.arm_image_template import script_addresses, steps, value_at
from configuration.json_with_comments import JsonPath
from configuration.placeholders import find_placeholders
from configuration.source_file import SourceFile
from models.configuration import Environment, Infrastructure, OsType
from models.message import JsonObject

_PARAMETER: Final[JsonPath] = ("parameters", "itParam", "value")
_DEFINITION_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Compute"
    r"/galleries/(?P<gallery>[^/]+)/images/(?P<definition>[^/]+)",
    re.IGNORECASE,
)
_OUTSIDE_TMP: Final = re.compile(r"/(?!tmp/)")
_RUNS_ON: Final = {
    "Shell": "Linux",
    "PowerShell": "Windows",
    "WindowsRestart": "Windows",
    "WindowsUpdate": "Windows",
}


class Disagreement(NamedTuple):
    """What does not fit at a path of the operator's file, or of the ARM properties."""

    path: JsonPath
    problem: str
    instead: str


def infrastructure_disagreements(source: SourceFile, infrastructure: Infrastructure) -> Iterator[Disagreement]:
    """Return where names in the template's file differ from those in the infrastructure's."""
    for path, there, what in (
        (("parameters", "rgParam", "value", "name"), infrastructure.resource_group, "resource group"),
        ((*_PARAMETER, "userMsiName"), infrastructure.identity, "identity"),
        ((*_PARAMETER, "userMsiResourceGroup"), infrastructure.resource_group, "resource group"),
        ((*_PARAMETER, "location"), infrastructure.location, "location"),
        (("parameters", "location", "value"), infrastructure.location, "location"),
    ):
        here = source.value(path)
        if not _is_whole(here):
            continue
        if (here.replace(" ", "") if what == "location" else here).lower() != there.lower():
            yield Disagreement(path, f"the {what} is {there} in the infrastructure's file", there)


def definition_disagreements(
    source: SourceFile, environment: Environment, infrastructure: Infrastructure | None, os_type: OsType
) -> Iterator[Disagreement]:
    """Return where the id of the image definition leads elsewhere than to one of ours, of the right system."""
    path = (*_PARAMETER, "sigImageDefinitionId")
    definition_id = source.value(path)
    match = _DEFINITION_ID.fullmatch(definition_id) if isinstance(definition_id, str) else None
    if match is None:
        return
    expected = [("subscription", environment.subscription_id, "subscription")]
    if infrastructure:
        expected += [
            ("group", infrastructure.resource_group, "resource group"),
            ("gallery", infrastructure.gallery, "gallery"),
        ]
    for part, there, what in expected:
        if _is_whole(match[part]) and match[part].lower() != there.lower():
            yield Disagreement(path, f"it names the {what} {match[part]}, but the environment has {there}", there)
    if infrastructure is None or not _is_whole(match["definition"]):
        return
    definitions = {definition.name.lower(): definition for definition in infrastructure.image_definitions}
    definition = definitions.get(match["definition"].lower())
    if definition is None:
        names = ", ".join(each.name for each in infrastructure.image_definitions)
        yield Disagreement(path, f"the gallery has no image definition {match['definition']}", f"one of {names}")
    elif definition.os_type != os_type:
        problem = f"the image definition {definition.name} is for {definition.os_type}, the image is {os_type}"
        yield Disagreement(path, problem, f"an image definition for {os_type}")


def environment_disagreements(properties: JsonObject, environment: Environment) -> Iterator[Disagreement]:
    """Return where the ARM properties leave the environment's subscription; the paths are ARM's."""
    staging_group = properties.get("stagingResourceGroup")
    subscription = f"/subscriptions/{environment.subscription_id}/".lower()
    if (
        _is_whole(staging_group)
        and staging_group.startswith("/")
        and not staging_group.lower().startswith(subscription)
    ):
        yield Disagreement(
            ("stagingResourceGroup",),
            "it is in another subscription than the environment",
            f"a resource group in {environment.subscription_id}",
        )


def step_disagreements(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    """Return the steps that the operating system cannot run; the paths are those of the ARM properties."""
    instead = "Shell" if os_type == "Linux" else "PowerShell"
    for path, step in steps(properties):
        kind = step.get("type")
        if isinstance(kind, str) and _RUNS_ON.get(kind, os_type) != os_type:
            yield Disagreement((*path, "type"), f"{kind} does not run on {os_type}", instead)


def advice(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    """Return what is allowed and yet often goes wrong; the paths are those of the ARM properties."""
    for path, step in steps(properties):
        destination = step.get("destination")
        if os_type == "Linux" and isinstance(destination, str) and _OUTSIDE_TMP.match(destination):
            yield Disagreement(
                (*path, "destination"),
                "the build user may not be allowed to write there",
                "a path under /tmp, and a Shell step that moves the file",
            )
    minutes = value_at(properties, ("buildTimeoutInMinutes",))
    if os_type == "Windows" and isinstance(minutes, int) and 0 < minutes < 60:
        yield Disagreement(("buildTimeoutInMinutes",), "Windows images often need an hour or more", "60 or more")
    for path, address in script_addresses(properties):
        if "sig=" in address:
            problem = "the address has a key in it, which expires and can be read in the image template"
            yield Disagreement(path, problem, "an address that needs no key, such as one in the scripts' container")


def _is_whole(value: object) -> TypeIs[str]:
    """Say whether a value is a text without a placeholder: of others, other faults tell."""
    return isinstance(value, str) and value != "" and not find_placeholders(value)
