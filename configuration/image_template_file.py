"""Reads `<env>.imageTemplate.<image>.parameters.json`."""

from dataclasses import dataclass
from typing import Final

from configuration.agreement import (
    Disagreement,
    advice,
    definition_disagreements,
    environment_disagreements,
    infrastructure_disagreements,
    step_disagreements,
)
from configuration.arm_image_template import script_addresses
from configuration.findings import Findings
from configuration.image_template_composition import PARAMETER, Composition, Surroundings, compose
from configuration.image_template_parameters_shape import ImageTemplateFile, ImageTemplateParameters
from configuration.image_template_shape import ImageTemplateProperties
from configuration.script_references import refer
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
    """What an image template is read against; `infrastructure` is None where its own file has faults."""

    environment: Environment
    image: ImageSettings
    infrastructure: Infrastructure | None
    customization_files: frozenset[str]


def read_image_template(source: SourceFile, findings: Findings, setting: Setting | None) -> ImageTemplatePlan | None:
    """Return the image template, or None where something stands in the way of it: a fault, or an unknown setting."""
    shape = findings.validate(source, ImageTemplateFile)
    if not isinstance(source.value(PARAMETER), dict):
        return None
    composition = compose(source, _surroundings(setting))
    findings.faults.extend(composition.faults)
    findings.remarks.extend(composition.remarks)
    findings.remarks.extend(
        source.remark((*PARAMETER, key), problem, "nothing: it can be left out")
        for key, problem in _IGNORED.items()
        if source.value((*PARAMETER, key))
    )
    arm = findings.validate_part(source, ImageTemplateProperties, composition.properties, composition.operator_path)
    if setting is None:
        return None
    scripts = _compare(source, findings, setting, composition)
    if shape is None or arm is None or setting.infrastructure is None:
        return None
    return _plan(shape.parameters, arm.to_json(), scripts, setting.infrastructure.location)


def _compare(
    source: SourceFile, findings: Findings, setting: Setting, composition: Composition
) -> tuple[ScriptReference, ...]:
    """Compare the template with what it is read against, and return the scripts of ours that it refers to."""
    properties, environment, infrastructure = composition.properties, setting.environment, setting.infrastructure
    os_type = setting.image.os_type
    scripts, in_arm_terms = _scripts(properties, setting)
    in_arm_terms += step_disagreements(properties, os_type)
    in_arm_terms += environment_disagreements(properties, environment)
    disagreements = [_in_operator_terms(each, composition) for each in in_arm_terms]
    disagreements += definition_disagreements(source, environment, infrastructure, os_type)
    if infrastructure:
        disagreements += infrastructure_disagreements(source, infrastructure)
    findings.faults.extend(source.fault(*each) for each in disagreements)
    findings.remarks.extend(
        source.remark(*_in_operator_terms(each, composition)) for each in advice(properties, os_type)
    )
    return scripts


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
    if setting.infrastructure is None:
        return (), []
    found = [
        refer(path, address, setting.infrastructure, setting.image.os_type, setting.customization_files)
        for path, address in script_addresses(properties)
    ]
    scripts = tuple(each for each in found if isinstance(each, ScriptReference))
    return scripts, [each for each in found if isinstance(each, Disagreement)]


def _surroundings(setting: Setting | None) -> Surroundings:
    if setting is None or setting.infrastructure is None:
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
