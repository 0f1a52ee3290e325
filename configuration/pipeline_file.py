"""Reads `pipeline.json`."""

from typing import Final

from configuration.findings import Findings
from configuration.pipeline_shape import ApprovalShape, EnvironmentShape, PipelineShape
from configuration.source_file import SourceFile
from models.configuration import Approval, Environment, ImageSettings, PipelineConfiguration

PIPELINE_FILE: Final = "pipeline.json"


def read_pipeline(source: SourceFile, findings: Findings) -> PipelineConfiguration | None:
    """Return the pipeline's configuration, or None where it has faults."""
    shape = findings.validate(source, PipelineShape)
    if shape is None:
        return None
    for key, names in {
        "environments": [environment.name for environment in shape.environments],
        "images": [image.name for image in shape.images],
    }.items():
        known: set[str] = set()
        for index, name in enumerate(names):
            if name.lower() in known:
                findings.faults.append(
                    source.fault((key, index, "name"), f"the name {name} has been given before", "another name")
                )
            known.add(name.lower())
    return PipelineConfiguration(
        environments=tuple(_environment(environment) for environment in shape.environments),
        images=tuple(ImageSettings(name=image.name, os_type=image.os_type) for image in shape.images),
    )


def _environment(shape: EnvironmentShape) -> Environment:
    return Environment(
        name=shape.name,
        subscription_id=shape.subscription_id,
        location=shape.location,
        approval=_approval(shape.approval) if shape.approval else None,
    )


def _approval(shape: ApprovalShape) -> Approval:
    return Approval(
        approvers=tuple(shape.approvers or ()),
        timeout_minutes=shape.timeout_minutes,
        not_by_starter=shape.not_by_starter,
    )
