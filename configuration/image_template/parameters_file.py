"""Reads an image template that is written as a deployment-parameter file, with `rgParam` and `itParam`."""

from typing import Final

from configuration.checking.findings import Findings
from configuration.checking.source_file import SourceFile
from configuration.image_template.agreement import infrastructure_disagreements
from configuration.image_template.comparison import Setting, compare, surroundings_of
from configuration.image_template.composition import PARAMETER, compose
from configuration.image_template.parameters_shape import ImageTemplateFile, ImageTemplateParameters
from configuration.image_template.shape import ImageTemplateProperties
from models.image_template import ImageTemplatePlan, ScriptReference

_IGNORED: Final = {
    "userAssignedIdentities": "not read: the identity is userMsiName",
    "lock": "no lock is set on image templates: the next build removes them",
    "roleAssignments": "no roles are assigned on image templates",
}


def read_parameters(source: SourceFile, findings: Findings, setting: Setting | None) -> ImageTemplatePlan | None:
    """Return the image template, or None where something stands in the way of it."""
    shape = findings.validate(source, ImageTemplateFile)
    if not isinstance(source.value(PARAMETER), dict):
        return None
    composition = compose(source, surroundings_of(setting))
    findings.take(composition.faults, composition.remarks)
    findings.remarks.extend(
        source.remark((*PARAMETER, key), problem, "nothing: it can be left out")
        for key, problem in _IGNORED.items()
        if source.value((*PARAMETER, key))
    )
    arm = findings.validate_part(source, ImageTemplateProperties, composition.properties, composition.operator_path)
    scripts = compare(source, findings, setting, composition)
    if setting is None or setting.infrastructure is None:
        return None
    disagreements = infrastructure_disagreements(source, setting.infrastructure)
    findings.faults.extend(source.fault(*each) for each in disagreements)
    if shape is None or arm is None:
        return None
    return _plan(shape.parameters, arm, scripts, setting.infrastructure.location)


def _plan(
    parameters: ImageTemplateParameters,
    properties: ImageTemplateProperties,
    scripts: tuple[ScriptReference, ...],
    location: str,
) -> ImageTemplatePlan:
    template, group = parameters.it_param.value, parameters.rg_param.value.name
    return ImageTemplatePlan(
        base_name=template.name,
        resource_group=group,
        location=location,
        identity_name=template.user_msi_name,
        identity_resource_group=template.user_msi_resource_group or group,
        tags=template.tags or {},
        properties=properties.to_json(),
        build_timeout_minutes=properties.build_timeout_in_minutes or 0,
        image_definition_id=properties.image_definition_id(),
        distribution_targets=properties.distribution_targets(),
        scripts=scripts,
    )
