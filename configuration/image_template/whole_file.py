"""Reads an image template in ARM's own JSON form: a resource, its properties, or a deployment template with one.

Name, identity and distribution are checked and completed; the rest goes through as it is. Expressions of ARM's are
told, since only ARM can evaluate them.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from configuration.checking.findings import Findings, placeholder_fault
from configuration.checking.json_with_comments import JsonPath
from configuration.checking.placeholders import arm_expressions
from configuration.checking.source_file import SourceFile
from configuration.image_template.agreement import Disagreement, differing_names
from configuration.image_template.arm_properties import value_at
from configuration.image_template.comparison import Setting, compare, surroundings_of
from configuration.image_template.composition import compose_whole
from configuration.image_template.shape import ImageTemplateProperties
from configuration.image_template.whole_shape import DeploymentTemplate, ImageTemplateResource
from models.configuration import Environment, ImageSettings, Infrastructure
from models.faults import Fault
from models.image_template import ImageTemplatePlan, ScriptReference
from models.message import JsonObject

_RESOURCE_KEYS: Final = frozenset({"type", "apiVersion", "identity", "properties", "location"})
_PROPERTY_KEYS: Final = frozenset(ImageTemplateProperties.written_keys())
_TYPES: Final = ("microsoft.virtualmachineimages/imagetemplates", "microsoft.virtualmachineimages")
_IDENTITY_ID: Final = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers"
    r"/Microsoft\.ManagedIdentity/userAssignedIdentities/([^/]+)",
    re.IGNORECASE,
)


class WholeTemplate(NamedTuple):
    """Where a file has its image template; `resource_path` is None where a deployment has none."""

    resource_path: JsonPath | None
    properties_path: JsonPath
    is_deployment: bool


def whole_template_in(data: Any) -> WholeTemplate | None:
    """Return where the image template stands, or None where a file is none in ARM's form."""
    if not isinstance(data, dict):
        return None
    if "resources" in data or "deploymentTemplate" in str(data.get("$schema")):
        paths = [path for path, resource in _resources(data) if _is_image_template(resource)]
        path = paths[0] if paths else None
        return WholeTemplate(path, (*(path or ()), "properties"), is_deployment=True)
    if "parameters" in data:
        return None
    if _RESOURCE_KEYS & data.keys():
        return WholeTemplate((), ("properties",), is_deployment=False)
    return WholeTemplate((), (), is_deployment=False) if _PROPERTY_KEYS & data.keys() else None


def read_whole_template(
    source: SourceFile, whole: WholeTemplate, findings: Findings, setting: Setting | None
) -> ImageTemplatePlan | None:
    """Return the image template, or None where something stands in the way of it."""
    if whole.is_deployment:
        findings.validate(source, DeploymentTemplate)
        findings.faults.extend(_faults_of_resources(source))
    if whole.resource_path is None:
        return None
    properties = source.value(whole.properties_path)
    if whole.is_deployment:
        properties = _unescaped(properties)
    is_object = isinstance(properties, dict)
    composition = compose_whole(
        source, properties if is_object else {}, whole.properties_path, surroundings_of(setting)
    )
    if is_object:
        findings.take(composition.faults, composition.remarks)

    def operator_path(path: JsonPath) -> JsonPath | None:
        inside = path[:1] == ("properties",)
        return composition.operator_path(path[1:]) if inside else (*(whole.resource_path or ()), *path)

    data = source.value(whole.resource_path) if whole.properties_path else {}
    if isinstance(data, dict) and is_object:
        data = {**data, "properties": composition.properties}
    shape = findings.validate_part(source, ImageTemplateResource, data, operator_path)
    findings.add_new(_unresolved(source, whole))
    scripts = compare(source, findings, setting, composition)
    if not isinstance(data, dict) or setting is None:
        return None
    disagreements = _disagreements(data, setting.environment, setting.infrastructure)
    findings.faults.extend(
        source.fault((*whole.resource_path, *path), problem, instead) for path, problem, instead in disagreements
    )
    if shape is None or setting.infrastructure is None:
        return None
    return _plan(shape, setting.image, setting.infrastructure, scripts)


def _plan(
    shape: ImageTemplateResource,
    image: ImageSettings,
    infrastructure: Infrastructure,
    scripts: tuple[ScriptReference, ...],
) -> ImageTemplatePlan:
    return ImageTemplatePlan(
        base_name=shape.name or image.name,
        resource_group=infrastructure.resource_group,
        location=infrastructure.location,
        identity_name=infrastructure.identity,
        identity_resource_group=infrastructure.resource_group,
        tags=shape.tags or {},
        properties=shape.properties.to_json(),
        build_timeout_minutes=shape.properties.build_timeout_in_minutes or 0,
        image_definition_id=shape.properties.image_definition_id(),
        distribution_targets=shape.properties.distribution_targets(),
        scripts=scripts,
    )


def _resources(data: JsonObject) -> Iterator[tuple[JsonPath, Any]]:
    """Return the resources of a deployment template: a list, or (with symbolic names) an object."""
    resources = data.get("resources")
    if isinstance(resources, list):
        resources = dict(enumerate(resources))
    for part, resource in resources.items() if isinstance(resources, dict) else ():
        yield ("resources", part), resource


def _is_image_template(resource: Any) -> bool:
    return isinstance(resource, dict) and str(resource.get("type")).lower() in _TYPES


def _faults_of_resources(source: SourceFile) -> Iterator[Fault]:
    """Tell of each resource that is not the one image template, and of the lack of one."""
    templates, resources = 0, list(_resources(source.node.data))
    for path, resource in resources:
        if not _is_image_template(resource):
            problem = "only an image template is deployed from here, no other resource"
            yield source.fault(path, problem, "what the file of the infrastructure can say, or nothing")
            continue
        templates += 1
        if templates > 1:
            yield source.fault(path, "this is one image template more", "a file for each")
        if str(resource["type"]).lower() != _TYPES[0]:
            problem = "ARM refuses this resource type in a deployment"
            yield source.fault((*path, "type"), problem, "Microsoft.VirtualMachineImages/imageTemplates")
    if resources and templates == 0:
        yield source.fault(("resources",), "there is no image template in it", "one image template")


def _unresolved(source: SourceFile, whole: WholeTemplate) -> Iterator[Fault]:
    """Tell of each expression that only ARM could evaluate."""
    path = whole.resource_path or ()
    node = source.node.find(path)
    for found in arm_expressions(node, path, evaluated=whole.is_deployment) if node else ():
        yield placeholder_fault(source, found)


def _unescaped(value: Any) -> Any:
    """Return what ARM makes of texts in a deployment that start with two brackets, so as not to be expressions."""
    if isinstance(value, dict):
        return {key: _unescaped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    is_escaped = isinstance(value, str) and value.startswith("[[") and value.endswith("]")
    return value[1:] if is_escaped else value


def _disagreements(
    resource: JsonObject, environment: Environment, infrastructure: Infrastructure | None
) -> Iterator[Disagreement]:
    """Return where identity and location of a template are not those of its environment; the paths are ARM's."""
    location: JsonPath = ("location",)
    yield from differing_names([(location, resource.get("location"), environment.location, "location")])
    expected = {"subscription": environment.subscription_id}
    if infrastructure:
        expected |= {"resource group": infrastructure.resource_group, "identity": infrastructure.identity}
    identities = value_at(resource, ("identity", "userAssignedIdentities"))
    for identity_id in identities if isinstance(identities, dict) else ():
        path: JsonPath = ("identity", "userAssignedIdentities", identity_id)
        match = _IDENTITY_ID.fullmatch(identity_id)
        parts = zip(("subscription", "resource group", "identity"), match.groups() if match else (), strict=False)
        yield from differing_names((path, name, expected[kind], kind) for kind, name in parts if kind in expected)
