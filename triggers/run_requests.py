"""What requests for a run, or for the plan of one, have in common."""

import asyncio
import logging

from activities.check_stage import StageFindings, find_in_azure
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading
from configuration.run_options import RunOptions, read_run_options
from models.faults import Fault
from policies.runs.scope_work import Work, work_of

LOGGER = logging.getLogger("image_bakery")


def read_options(body: bytes, reading: ConfigurationReading) -> tuple[RunOptions | None, list[Fault]]:
    """Return the options of the request; nothing can be asked of a pipeline whose own file has faults."""
    if reading.pipeline is None:
        return None, list(reading.faults)
    return read_run_options(body, reading.pipeline)


async def find_in_all_stages(
    azure: AzureClients, reading: ConfigurationReading, options: RunOptions
) -> dict[str, StageFindings]:
    """Return what Azure tells about each stage of a run, by environment.

    Where it does not answer, the stage's own check will ask again.
    """
    published = [_published_in(reading, options, name) for name in options.environments]
    findings = await asyncio.gather(
        *(
            find_in_azure(azure, reading, name, options.image, options.scope, frozenset().union(*published[:position]))
            for position, name in enumerate(options.environments)
        )
    )
    for name, found in zip(options.environments, findings, strict=True):
        for error in found.unanswered:
            LOGGER.warning("%s could not be checked wholly before the start: %s", name, error)
    return dict(zip(options.environments, findings, strict=True))


def _published_in(reading: ConfigurationReading, options: RunOptions, environment: str) -> frozenset[str]:
    """Return the image definition, by its id, of which the stage publishes a version, if it does."""
    plan = reading.stage_plan(environment, options.image)
    if plan is None or plan.image_template.image_definition_id is None or Work.IMAGE not in work_of(options.scope):
        return frozenset()
    return frozenset({plan.image_template.image_definition_id})
