"""Reads `<env>.imageTemplate.<image>.parameters.json`."""

from dataclasses import dataclass
from typing import Final

from configuration.agreement import (
    Disagreement,
    advice,
    definition_disagreements,
    infrastructure_disagreements,
    step_disagreements,
)
from configuration.findings import Findings
from configuration.image_template_composition import PARAMETER, Composition, Surroundings, compose
from configuration.image_template_parameters_shape import ImageTemplateFile, ImageTemplateParameters
from configuration.image_template_shape import ImageTemplateProperties
from configuration.script_references import AddressProblem, refer, script_addresses
from configuration.source_file import SourceFile
from models.configuration import Environment, ImageSettings, Infrastructure
from models.image_template import ImageTemplatePlan, ScriptReference
from models.message import JsonObject

_IGNORED: Final = {
    "userAssignedIdentities": "not read: the identity is userMsiName",
    "lock": "no lock is set on image templates: the next build removes them",
    "roleAssignments": "no roles are assigned on image templates",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What an image template is read against."""

    environment: Environment
    image: ImageSettings
    infrastructure: Infrastructure
    customization_files: frozenset[str]


def read_image_template(source: SourceFile, findings: Findings, setting: Setting | None) -> ImageTemplatePlan | None:
    """Return the image template, or None where the file has faults or the setting is not known."""
    shape = findings.validate(source, ImageTemplateFile)
    composition = compose(source, _surroundings(setting))
    findings.faults.extend(composition.faults)
    findings.remarks.extend(composition.remarks)
    findings.remarks.extend(
        source.remark((*PARAMETER, key), problem, "nothing: it can be left out")
        for key, problem in _IGNORED.items()
        if source.value((*PARAMETER, key))
    )
    arm = findings.validate_part(source, ImageTemplateProperties, composition.properties, composition.operator_path)
    if shape is None or arm is None or setting is None:
        return None
    properties = arm.to_json()
    scripts, disagreements = _scripts(properties, setting)
    disagreements += step_disagreements(properties, setting.image.os_type)
    in_operator_terms = [_in_operator_terms(each, composition) for each in disagreements]
    in_operator_terms += infrastructure_disagreements(shape.parameters, setting.infrastructure)
    definition_id = _definition_id(properties)
    if definition_id:
        in_operator_terms += definition_disagreements(
            definition_id, setting.environment, setting.infrastructure, setting.image.os_type
        )
    findings.faults.extend(source.fault(*each) for each in in_operator_terms)
    findings.remarks.extend(
        source.remark(*_in_operator_terms(each, composition)) for each in advice(properties, setting.image.os_type)
    )
    return _plan(shape.parameters, properties, scripts, setting.infrastructure.location)


def _plan(
    parameters: ImageTemplateParameters, properties: JsonObject, scripts: tuple[ScriptReference, ...], location: str
) -> ImageTemplatePlan:
    template, group = parameters.it_param.value, parameters.rg_param.value.name
    return ImageTemplatePlan(
        base_name=template.name,
        resource_group=group,
        location=location,
        identity_name=template.user_msi_name,
        identity_resource_group=template.user_msi_resource_group or group,
        tags=template.tags or {},
        properties=properties,
        build_timeout_minutes=properties.get("buildTimeoutInMinutes", 0),
        image_definition_id=_definition_id(properties),
        scripts=scripts,
    )


def _scripts(properties: JsonObject, setting: Setting) -> tuple[tuple[ScriptReference, ...], list[Disagreement]]:
    """Return the scripts of ours, and the addresses that lead to none."""
    found = [
        refer(path, address, setting.infrastructure, setting.image.os_type, setting.customization_files)
        for path, address in script_addresses(properties)
    ]
    problems = [
        Disagreement(each.path, each.problem, each.instead) for each in found if isinstance(each, AddressProblem)
    ]
    return tuple(each for each in found if isinstance(each, ScriptReference)), problems


def _surroundings(setting: Setting | None) -> Surroundings:
    if setting is None:
        return _ANY_SURROUNDINGS
    environment, infrastructure = setting.environment, setting.infrastructure
    group = f"/subscriptions/{environment.subscription_id}/resourceGroups/{infrastructure.resource_group}"
    gallery = f"{group}/providers/Microsoft.Compute/galleries/{infrastructure.gallery}"
    suited = [each.name for each in infrastructure.image_definitions if each.os_type == setting.image.os_type]
    return Surroundings(
        subscription_id=environment.subscription_id,
        resource_group=infrastructure.resource_group,
        location=infrastructure.location,
        image_definition_id=f"{gallery}/images/{suited[0]}" if len(suited) == 1 else None,
    )


def _definition_id(properties: JsonObject) -> str | None:
    return next((each["galleryImageId"] for each in properties["distribute"] if "galleryImageId" in each), None)


def _in_operator_terms(disagreement: Disagreement, composition: Composition) -> Disagreement:
    """Return a disagreement on the ARM properties with the path that the operator knows."""
    return disagreement._replace(path=composition.operator_path(disagreement.path) or PARAMETER)


# Where the environment or its infrastructure cannot be read: lets the rest of the file be checked all the same.
_ANY_SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
_ANY_SURROUNDINGS: Final = Surroundings(
    subscription_id=_ANY_SUBSCRIPTION,
    resource_group="any",
    location="anywhere",
    image_definition_id=(
        f"/subscriptions/{_ANY_SUBSCRIPTION}/resourceGroups/any/providers/Microsoft.Compute/galleries/any/images/any"
    ),
)
