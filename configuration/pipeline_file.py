"""Reads `pipeline.json`."""

from typing import Final

from configuration.findings import Findings
from configuration.pipeline_shape import PipelineShape
from configuration.source_file import SourceFile
from models.configuration import Environment, ImageSettings, PipelineConfiguration

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
        environments=tuple(
            Environment(
                name=environment.name, subscription_id=environment.subscription_id, location=environment.location
            )
            for environment in shape.environments
        ),
        images=tuple(ImageSettings(name=image.name, os_type=image.os_type) for image in shape.images),
    )
