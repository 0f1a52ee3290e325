"""Reads the file of an image template: deployment parameters, or the whole template in ARM's own JSON form."""

from configuration.checking.findings import Findings
from configuration.checking.json_with_comments import JsonPath
from configuration.checking.source_file import SourceFile
from configuration.image_template.comparison import Setting, surroundings_of
from configuration.image_template.composition import PARAMETER, compose
from configuration.image_template.parameters_file import read_parameters
from configuration.image_template.whole_file import read_whole_template, whole_template_in
from models.image_template import ImageTemplatePlan


def read_image_template(source: SourceFile, findings: Findings, setting: Setting | None) -> ImageTemplatePlan | None:
    """Return the image template, or None where something stands in the way of it: a fault, or an unknown setting."""
    whole = whole_template_in(source.node.data)
    if whole is None:
        return read_parameters(source, findings, setting)
    return read_whole_template(source, whole, findings, setting)


def operator_path(source: SourceFile, path: JsonPath) -> JsonPath:
    """Return where in the file it stands what ARM's properties have at a path, or what should hold it."""
    whole, surroundings = whole_template_in(source.node.data), surroundings_of(None)
    if whole is None:
        return compose(source, surroundings).operator_path(path) or PARAMETER
    return (*whole.properties_path, *path)


def base_name_path(source: SourceFile) -> JsonPath:
    """Return where in the file the base name of the image templates stands, or would stand."""
    whole = whole_template_in(source.node.data)
    return (*PARAMETER, "name") if whole is None else (*(whole.resource_path or ()), "name")
