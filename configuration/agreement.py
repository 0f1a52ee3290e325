"""Checks that an image template agrees with its environment's infrastructure and with the image's operating system."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from configuration.image_template_parameters_shape import ImageTemplateParameters
from configuration.json_with_comments import JsonPath
from configuration.script_references import script_addresses
from models.configuration import Environment, Infrastructure, OsType
from models.message import JsonObject

_PARAMETERS: Final[JsonPath] = ("parameters",)
_IT: Final[JsonPath] = ("parameters", "itParam", "value")
_DEFINITION_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Compute"
    r"/galleries/(?P<gallery>[^/]+)/images/(?P<definition>[^/]+)",
    re.IGNORECASE,
)
_OUTSIDE_TMP: Final = re.compile(r"/(?!tmp/)")
_STEP_TYPES: Final = {
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


def infrastructure_disagreements(
    parameters: ImageTemplateParameters, infrastructure: Infrastructure
) -> Iterator[Disagreement]:
    """Return where names in the template's file differ from those in the infrastructure's."""
    template = parameters.it_param.value
    for path, here, there, what in (
        (
            (*_PARAMETERS, "rgParam", "value", "name"),
            parameters.rg_param.value.name,
            infrastructure.resource_group,
            "resource group",
        ),
        ((*_IT, "userMsiName"), template.user_msi_name, infrastructure.identity, "identity"),
        (
            (*_IT, "userMsiResourceGroup"),
            template.user_msi_resource_group,
            infrastructure.resource_group,
            "resource group",
        ),
        ((*_IT, "location"), template.location, infrastructure.location, "location"),
        (
            (*_PARAMETERS, "location", "value"),
            parameters.location.value if parameters.location else None,
            infrastructure.location,
            "location",
        ),
    ):
        if here is not None and here.lower() != there.lower():
            yield Disagreement(path, f"the {what} is {there} in the infrastructure's file", there)


def definition_disagreements(
    definition_id: str, environment: Environment, infrastructure: Infrastructure, os_type: OsType
) -> Iterator[Disagreement]:
    """Return where the id of the image definition leads elsewhere than to one of ours, of the right system."""
    path = (*_IT, "sigImageDefinitionId")
    match = _DEFINITION_ID.fullmatch(definition_id)
    if match is None:
        return
    for part, there, what in (
        ("subscription", environment.subscription_id, "subscription"),
        ("group", infrastructure.resource_group, "resource group"),
        ("gallery", infrastructure.gallery, "gallery"),
    ):
        if match[part].lower() != there.lower():
            yield Disagreement(path, f"it names the {what} {match[part]}, but the environment has {there}", there)
    definitions = {definition.name.lower(): definition for definition in infrastructure.image_definitions}
    definition = definitions.get(match["definition"].lower())
    if definition is None:
        names = ", ".join(each.name for each in infrastructure.image_definitions)
        yield Disagreement(path, f"the gallery has no image definition {match['definition']}", f"one of {names}")
    elif definition.os_type != os_type:
        problem = f"the image definition {definition.name} is for {definition.os_type}, the image is {os_type}"
        yield Disagreement(path, problem, f"an image definition for {os_type}")


def step_disagreements(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    """Return the steps that the operating system cannot run; the paths are those of the ARM properties."""
    steps: dict[JsonPath, list[dict[str, Any]]] = {
        ("customize",): properties.get("customize", []),
        ("validate", "inVMValidations"): properties.get("validate", {}).get("inVMValidations", []),
    }
    for list_path, entries in steps.items():
        for index, step in enumerate(entries):
            if _STEP_TYPES.get(step["type"], os_type) != os_type:
                instead = "Shell" if os_type == "Linux" else "PowerShell"
                yield Disagreement((*list_path, index, "type"), f"{step['type']} does not run on {os_type}", instead)


def advice(properties: JsonObject, os_type: OsType) -> Iterator[Disagreement]:
    """Return what is allowed and yet often goes wrong; the paths are those of the ARM properties."""
    for index, step in enumerate(properties.get("customize", [])):
        destination: str = step.get("destination", "")
        if os_type == "Linux" and _OUTSIDE_TMP.match(destination):
            yield Disagreement(
                ("customize", index, "destination"),
                "the build user may not be allowed to write there",
                "a path under /tmp, and a Shell step that moves the file",
            )
    if os_type == "Windows" and 0 < properties.get("buildTimeoutInMinutes", 0) < 60:
        yield Disagreement(("buildTimeoutInMinutes",), "Windows images often need an hour or more", "60 or more")
    for path, address in script_addresses(properties):
        if "sig=" in address:
            problem = "the address has a key in it, which expires and can be read in the image template"
            yield Disagreement(path, problem, "an address that needs no key, such as one in the scripts' container")
