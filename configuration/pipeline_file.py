"""Reads `pipeline.json`."""

from typing import Final

from configuration.checking.findings import Findings
from configuration.checking.json_with_comments import JsonPath
from configuration.checking.known_names import environments_between
from configuration.checking.source_file import SourceFile
from configuration.pipeline_shape import ApprovalShape, EnvironmentShape, PipelineShape, ScheduleShape
from models.configuration import Approval, Environment, ImageSettings, PatchSchedule, PipelineConfiguration

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
        images=_images(shape, source, findings),
    )


def _images(shape: PipelineShape, source: SourceFile, findings: Findings) -> tuple[ImageSettings, ...]:
    """Return the images; where an image says nothing of a schedule, the pipeline's is its own."""
    names = [environment.name for environment in shape.environments]

    def schedule_at(path: JsonPath, written: ScheduleShape) -> PatchSchedule | None:
        asked = written.start_environment, written.stop_environment
        return _schedule(written, environments_between(asked, names, source, path, findings))

    of_all = schedule_at(("schedule",), shape.schedule or ScheduleShape())
    return tuple(
        ImageSettings(
            name=image.name,
            os_type=image.os_type,
            schedule=schedule_at(("images", index, "schedule"), image.schedule) if image.schedule else of_all,
        )
        for index, image in enumerate(shape.images)
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


def _schedule(shape: ScheduleShape, environments: tuple[str, ...]) -> PatchSchedule | None:
    """Return the schedule, or None where it is switched off."""
    if not shape.enabled:
        return None
    return PatchSchedule(
        days_after_patch_tuesday=shape.days_after_patch_tuesday,
        time=shape.time,
        time_zone=shape.time_zone,
        environments=environments,
        always=shape.always,
        failures_before_pause=shape.failures_before_pause,
    )
