"""Starts the sweep that finds what earlier crashes left."""

import asyncio

import azure.durable_functions as df

from azure_clients import durable_engine
from azure_clients.durable_engine import Instance
from configuration.reading import read_configuration
from configuration.settings import Settings
from models.artifacts import DistributionTargets
from models.leftovers import Sweep
from models.template_removal import TemplatesOfGroup
from orchestrators.sweep_leftovers import instance_id, sweep_leftovers


async def start_sweep(settings: Settings, client: df.DurableFunctionsClient) -> None:
    """Start a sweep of all that the operator's files name, unless one is on, or `pipeline.json` cannot be read."""
    reading = await asyncio.to_thread(read_configuration, settings.parameters_folder, settings.customization_folder)
    if reading.pipeline is None:
        return
    groups = (
        TemplatesOfGroup(
            subscription_id=plan.environment.subscription_id, resource_group=plan.image_template.resource_group
        )
        for plan in reading.plans.values()
    )
    targets: dict[str, dict[str, str]] = {}
    for plan in reading.plans.values():
        known = targets.setdefault(plan.environment.subscription_id.lower(), {})
        known |= {target.lower(): target for target in plan.image_template.distribution_targets}
    sweep = Sweep(
        images=tuple(image.name for image in reading.pipeline.images),
        environments=tuple(environment.name for environment in reading.pipeline.environments),
        groups=tuple(dict.fromkeys(groups)),
        distribution_targets=tuple(DistributionTargets(ids=tuple(known.values())) for known in targets.values()),
        tells_watches=True,
    )
    await durable_engine.start(client, Instance(sweep_leftovers.__name__, instance_id(), sweep))
