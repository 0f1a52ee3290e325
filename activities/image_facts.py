"""What is known of an image: its files, its latest runs, and how a build now would differ from its last one."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.run_scripts import find_contents
from activities.stage_checks import find_source
from azure_clients import records
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading
from configuration.settings import Settings
from models.configuration import StagePlan
from models.errors import AzureRefused
from models.pipeline_record import PipelineRunSummary
from models.scripts import ScriptContent
from models.state import State
from policies.resources.source_compatibility import image_source
from policies.upkeep.given_scripts import MOST_TRIES, given_scripts
from policies.upkeep.image_state import SuccessfulBuild, brings_scripts, last_successful_builds
from policies.upkeep.rebuild import BuildFacts, Comparison, configuration_digest
from policies.upkeep.script_contents import scripts_as_built

# How many runs are listed, and how many of them are read in full: what none of these built counts as never built.
LATEST_OUTCOMES = 500
LATEST_RUNS = 30


@dataclass(frozen=True)
class KnownImage:
    """An image by its name: the operator's files, the contents that a build would take now, its runs, newest first."""

    name: str
    reading: ConfigurationReading
    contents: tuple[ScriptContent, ...]
    outcomes: Sequence[PipelineRunSummary]


async def know_image(
    azure: AzureClients, settings: Settings, reading: ConfigurationReading, name: str, environments: Sequence[str]
) -> KnownImage:
    """Read what there is to know of an image; raises AzureUnavailable where another try may find out."""
    contents, outcomes = await asyncio.gather(
        find_contents(azure, settings, reading, name, environments), records.list_newest(azure, LATEST_OUTCOMES, name)
    )
    return KnownImage(name, reading, contents, outcomes)


async def find_given_scripts(azure: AzureClients, known: KnownImage, now: datetime) -> tuple[ScriptContent, ...]:
    """Return the contents with which the image need not be built again."""
    runs = [outcome for outcome in known.outcomes if brings_scripts(outcome.scope)]
    # All but a failure speaks for itself.
    is_plain = bool(runs) and runs[0].state is not State.FAILED
    return given_scripts(await records.find_all(azure, runs[: 1 if is_plain else MOST_TRIES + 1]), now)


async def find_successful_builds(azure: AzureClients, known: KnownImage) -> dict[str, SuccessfulBuild]:
    """Return the last successful build in each environment that has one."""
    return last_successful_builds(await records.find_all(azure, known.outcomes[:LATEST_RUNS]))


async def compare(
    azure: AzureClients, known: KnownImage, built: Mapping[str, SuccessfulBuild], environments: Sequence[str]
) -> tuple[Comparison, ...]:
    """Return for each environment its last successful build beside what one would start from now.

    Raises AzureUnavailable where another try may find out.
    """
    facts = await asyncio.gather(*(_facts(azure, known, environment) for environment in environments))
    return tuple(Comparison(built[one.environment].stage if one.environment in built else None, one) for one in facts)


async def _facts(azure: AzureClients, known: KnownImage, environment: str) -> BuildFacts:
    """Return what a build would start from; what the files or Azure do not tell is None."""
    plan = known.reading.stage_plan(environment, known.name)
    if plan is None:
        return BuildFacts(environment, None, None, None)
    return BuildFacts(
        environment,
        await _source_version(azure, plan),
        scripts_as_built(plan.image_template.scripts, known.contents),
        configuration_digest(plan),
    )


async def _source_version(azure: AzureClients, plan: StagePlan) -> str | None:
    source = image_source(plan.image_template.properties["source"])
    try:
        found = await find_source(azure, plan, source)
    except AzureRefused:
        return None
    return found.version if found else None
