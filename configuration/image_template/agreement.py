"""Checks that an image template agrees with its environment's infrastructure and with the image's operating system.

Works on what stands in the files, even where other values there are wrong: one report shall have all faults.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeIs

from configuration.checking.json_with_comments import JsonPath
from configuration.checking.placeholders import find_placeholders
from configuration.checking.source_file import SourceFile
from configuration.image_template.arm_properties import PARAMETER, distributors, script_addresses, steps, value_at
from models.configuration import Environment, Infrastructure, OsType
from models.message import JsonObject

_DEFINITION_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Compute"
    r"/galleries/(?P<gallery>[^/]+)/images/(?P<definition>[^/]+)(?:/versions/[^/]+)?",
    re.IGNORECASE,
)
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)/", re.IGNORECASE)
_FIXED_VERSION: Final = re.compile(r".*/images/[^/]+/versions/[^/]+", re.IGNORECASE)
# Without owner, repository and branch there is no file at such an address.
_INCOMPLETE_RAW_ADDRESS: Final = re.compile(r"https://raw\.githubusercontent\.com/(?:[^/?#]+/){0,2}[^/?#]+")
# What nobody means to type; tabs and the ends of lines are normal in commands.
_UNSEEN: Final = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
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
    """Return where names in a file of parameters differ from those in the infrastructure's."""
    expected: list[tuple[JsonPath, str, str]] = [
        (("parameters", "rgParam", "value", "name"), infrastructure.resource_group, "resource group"),
        ((*PARAMETER, "userMsiName"), infrastructure.identity, "identity"),
        ((*PARAMETER, "userMsiResourceGroup"), infrastructure.resource_group, "resource group"),
        ((*PARAMETER, "location"), infrastructure.location, "location"),
        (("parameters", "location", "value"), infrastructure.location, "location"),
    ]
    return differing_names((path, source.value(path), there, kind) for path, there, kind in expected)


def differing_names(names: Iterable[tuple[JsonPath, object, str, str]]) -> Iterator[Disagreement]:
    """Return which names, each with its path, the name to agree with and the kind, differ as Azure compares them."""
    for path, here, there, kind in names:
        if not _is_whole(here):
            continue
        if (here.replace(" ", "") if kind == "location" else here).lower() != there.lower():
            yield Disagreement(path, f"the {kind} of the environment is {there}", there)


def definition_disagreements(
    properties: JsonObject, environment: Environment, infrastructure: Infrastructure | None, os_type: OsType
) -> Iterator[Disagreement]:
    """Return where an image definition to publish in is not one of ours, of the right system."""
    for path, distributor in distributors(properties):
        definition_id = distributor.get("galleryImageId")
        match = _DEFINITION_ID.fullmatch(definition_id) if isinstance(definition_id, str) else None
        if match:
            for problem, instead in _definition_problems(match, environment, infrastructure, os_type):
                yield Disagreement((*path, "galleryImageId"), problem, instead)


def _definition_problems(
    match: re.Match[str], environment: Environment, infrastructure: Infrastructure | None, os_type: OsType
) -> Iterator[tuple[str, str]]:
    expected = [("subscription", environment.subscription_id, "subscription")]
    if infrastructure:
        expected += [
            ("group", infrastructure.resource_group, "resource group"),
            ("gallery", infrastructure.gallery, "gallery"),
        ]
    for part, there, what in expected:
        if _is_whole(match[part]) and match[part].lower() != there.lower():
            yield f"it names the {what} {match[part]}, but the environment has {there}", there
    if infrastructure is None or not _is_whole(match["definition"]):
        return
    definitions = {definition.name.lower(): definition for definition in infrastructure.image_definitions}
    definition = definitions.get(match["definition"].lower())
    if definition is None:
        names = ", ".join(each.name for each in infrastructure.image_definitions)
        yield f"the gallery has no image definition {match['definition']}", f"one of {names}"
    elif definition.os_type != os_type:
        problem = f"the image definition {definition.name} is for {definition.os_type}, the image is {os_type}"
        yield problem, f"an image definition for {os_type}"


def plan_disagreements(properties: JsonObject, infrastructure: Infrastructure | None) -> Iterator[Disagreement]:
    """Return where an image definition does not carry the purchase plan of the source; the paths are ARM's."""
    path: JsonPath = ("source", "planInfo")
    plan = [value_at(properties, (*path, key)) for key in ("planName", "planProduct", "planPublisher")]
    if infrastructure is None or not all(_is_whole(part) for part in plan):
        return
    ids = [str(distributor.get("galleryImageId")).lower() for _, distributor in distributors(properties)]
    names = {match["definition"] for each in ids if (match := _DEFINITION_ID.fullmatch(each))}
    for definition in infrastructure.image_definitions:
        theirs = definition.plan
        carried = [theirs.name, theirs.product, theirs.publisher] if theirs else []
        if definition.name.lower() in names and plan != carried:
            yield Disagreement(
                path,
                f"the image definition {definition.name} does not carry this purchase plan",
                "the same planName, productName and planPublisherName in the image definition",
            )


def location_disagreements(properties: JsonObject, location: str) -> Iterator[Disagreement]:
    """Return where a managed image would stand elsewhere than its image template; the paths are ARM's."""
    return differing_names(
        ((*path, "location"), distributor.get("location"), location, "location")
        for path, distributor in distributors(properties)
    )


def environment_disagreements(properties: JsonObject, environment: Environment) -> Iterator[Disagreement]:
    """Return where the ARM properties leave the environment's subscription; the paths are ARM's."""
    own: tuple[JsonPath, ...] = (("stagingResourceGroup",), ("source", "imageId"))
    ids = [(path, value_at(properties, path)) for path in own]
    ids += [((*path, "imageId"), distributor.get("imageId")) for path, distributor in distributors(properties)]
    for path, resource_id in ids:
        match = _SUBSCRIPTION.match(resource_id) if isinstance(resource_id, str) else None
        if match and _is_whole(match[1]) and match[1].lower() != environment.subscription_id.lower():
            yield Disagreement(
                path,
                "it is in another subscription than the environment",
                f"one in {environment.subscription_id}",
            )


def step_disagreements(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    """Return the steps that the operating system cannot run; the paths are those of the ARM properties."""
    instead = "Shell" if os_type == "Linux" else "PowerShell"
    for path, step in steps(properties):
        kind = step.get("type")
        if isinstance(kind, str) and _RUNS_ON.get(kind, os_type) != os_type:
            yield Disagreement((*path, "type"), f"{kind} does not run on {os_type}", instead)


def elevation_disagreements(properties: JsonObject) -> Iterator[Disagreement]:
    """Return the steps that are to run as the system without being elevated; the paths are ARM's."""
    for path, step in steps(properties):
        if step.get("runAsSystem") is True and step.get("runElevated") is not True:
            yield Disagreement((*path, "runAsSystem"), "runAsSystem needs runElevated", '"runElevated": true beside it')


def advice(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    """Return what is allowed and yet often goes wrong; the paths are those of the ARM properties."""
    yield from _step_advice(properties, os_type)
    minutes = value_at(properties, ("buildTimeoutInMinutes",))
    if os_type == "Windows" and isinstance(minutes, int) and 0 < minutes < 60:
        yield Disagreement(("buildTimeoutInMinutes",), "Windows images often need an hour or more", "60 or more")
    for path, address in script_addresses(properties):
        if "sig=" in address:
            problem = "the address has a key in it, which expires and can be read in the image template"
            yield Disagreement(path, problem, "an address that needs no key, such as one in the scripts' container")
        if _INCOMPLETE_RAW_ADDRESS.fullmatch(address):
            problem = "there can be no file at this address: owner, repository, branch and path belong in it"
            yield Disagreement(path, problem, "https://raw.githubusercontent.com/<owner>/<repository>/<branch>/<path>")
    for path, distributor in distributors(properties):
        definition_id = distributor.get("galleryImageId")
        if _is_whole(definition_id) and _FIXED_VERSION.fullmatch(definition_id):
            problem = "each build publishes this same version, which only the first can"
            yield Disagreement((*path, "galleryImageId"), problem, "the id without a version: each build has the next")


def _step_advice(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    for path, step in steps(properties):
        destination = step.get("destination")
        if os_type == "Linux" and isinstance(destination, str) and _OUTSIDE_TMP.match(destination):
            yield Disagreement(
                (*path, "destination"),
                "the build user may not be allowed to write there",
                "a path under /tmp, and a Shell step that moves the file",
            )
        lines = step.get("inline")
        for index, line in enumerate(lines if isinstance(lines, list) else []):
            unseen = _UNSEEN.search(line) if isinstance(line, str) else None
            if unseen:
                problem = f"the control character {unseen.group()!a} stands in the command"
                yield Disagreement((*path, "inline", index), problem, "the command without it, or what prints it")


def _is_whole(value: object) -> TypeIs[str]:
    """Say whether a value is a text without a placeholder: of others, other faults tell."""
    return isinstance(value, str) and value != "" and not find_placeholders(value)
