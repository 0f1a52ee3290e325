"""Reads and checks the options of a run, as a request gives them."""

from typing import Final

from configuration.checking.findings import Findings
from configuration.checking.known_names import environments_between, unknown_name
from configuration.checking.shape import RequestShape
from configuration.checking.source_file import SourceFile
from configuration.checking.texts import PersonName
from models.configuration import PipelineConfiguration
from models.faults import Fault
from models.message import Message
from models.pipeline_run import Scope

REQUEST: Final = "request body"
# The scopes as pipelines that came before this app label them.
OLDER_LABELS: Final = {
    "only removal": Scope.ONLY_REMOVAL,
    "only base": Scope.ONLY_INFRASTRUCTURE,
    "only infrastructure": Scope.ONLY_INFRASTRUCTURE,
    "only storage & image": Scope.ONLY_ASSETS_AND_IMAGE,
    "only assets & image": Scope.ONLY_ASSETS_AND_IMAGE,
    "only image": Scope.ONLY_IMAGE,
}
DEFAULT_SCOPE: Final = Scope.ONLY_ASSETS_AND_IMAGE


class RunOptionsShape(RequestShape):
    """What a request may say; `osType` asks for the image of this name, else for the only one of this system."""

    image: str | None = None
    os_type: str | None = None
    start_environment: str | None = None
    stop_environment: str | None = None
    scope: str | None = None
    who: PersonName | None = None
    wait_for_image_build: bool = True
    remove_image_templates: bool = True


class RunOptions(Message):
    """What a run is to do: `environments` are those from the start to the stop, in the pipeline's order."""

    image: str
    environments: tuple[str, ...]
    scope: Scope
    remove_image_templates: bool = True
    wait_for_image_build: bool = True
    who: str | None = None


def read_run_options(content: bytes, pipeline: PipelineConfiguration) -> tuple[RunOptions | None, list[Fault]]:
    """Return the options with their defaults filled in, or every fault that keeps them from being followed.

    An empty body asks for the defaults.
    """
    findings = Findings()
    source = findings.parse(REQUEST, content.strip() or b"{}")
    if source is None:
        return None, findings.faults
    shape = findings.validate(source, RunOptionsShape) or _what_can_be_read(source)
    image = _image(shape, source, pipeline, findings)
    asked = shape.start_environment, shape.stop_environment
    names = [environment.name for environment in pipeline.environments]
    environments = environments_between(asked, names, source, (), findings)
    scope = _scope(shape, source, findings)
    if findings.faults or image is None or scope is None:
        return None, findings.faults
    options = RunOptions(
        image=image,
        environments=environments,
        scope=scope,
        remove_image_templates=shape.remove_image_templates,
        wait_for_image_build=shape.wait_for_image_build,
        who=shape.who,
    )
    return options, []


def _what_can_be_read(source: SourceFile) -> RunOptionsShape:
    """Return the options that have the right type, so that one wrong option does not hide the faults of the others."""
    data = source.node.data if isinstance(source.node.data, dict) else {}
    names = {field.alias: name for name, field in RunOptionsShape.model_fields.items()}
    words = {names[key]: value for key, value in data.items() if key in names and isinstance(value, str)}
    return RunOptionsShape.model_construct(None, **words)


def _image(
    shape: RunOptionsShape, source: SourceFile, pipeline: PipelineConfiguration, findings: Findings
) -> str | None:
    names = [image.name for image in pipeline.images]
    key, asked = ("osType", shape.os_type) if shape.image is None else ("image", shape.image)
    if asked is None:
        if len(names) == 1:
            return names[0]
        findings.faults.append(source.fault(("image",), "it is missing", f'"image": one of {", ".join(names)}'))
        return None
    meant = [image for image in pipeline.images if image.name.lower() == asked.lower()]
    if key == "osType":
        meant = meant or [image for image in pipeline.images if image.os_type.lower() == asked.lower()]
    if not meant:
        findings.faults.append(unknown_name(source, (key,), "image", asked, names))
        return None
    image, *others = meant
    if others:
        instead = f'"image": one of {", ".join(each.name for each in meant)}'
        findings.faults.append(source.fault(("osType",), f"several images are for {image.os_type}", instead))
    elif (shape.os_type or image.name).lower() not in {image.name.lower(), image.os_type.lower()}:
        problem = f"it asks for {shape.os_type}, and image for {image.name}"
        findings.faults.append(source.fault(("osType",), problem, "only image"))
    return image.name


def _scope(shape: RunOptionsShape, source: SourceFile, findings: Findings) -> Scope | None:
    if shape.scope is None:
        return DEFAULT_SCOPE
    by_lower = {scope.value: scope for scope in Scope}
    scope = (OLDER_LABELS | by_lower).get(shape.scope.lower())
    if scope is None:
        findings.faults.append(unknown_name(source, ("scope",), "scope", shape.scope, list(by_lower)))
    return scope
