"""The HTTP API of images: what there is in each environment, where it comes from, and whether a rebuild is due."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from activities.image_facts import KnownImage, compare, find_successful_builds, know_image
from activities.run_scripts import read_with_uploads
from azure_clients import own_clock
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading
from configuration.settings import Settings
from models.configuration import ImageSettings
from models.errors import AzureUnavailable, RequestRefused
from models.image_overview import BuiltImage, ImageInEnvironment, ImageOverview, ImagesList
from policies.upkeep.image_state import SuccessfulBuild
from policies.upkeep.patch_schedule import patch_outlook
from triggers.answers import json_answer, to_mend
from triggers.pipeline_instances import find_run_that_is_on

UNKNOWN = ("Azure did not tell whether anything has changed.",)


async def list_images(azure: AzureClients, settings: Settings, client: df.DurableFunctionsClient) -> func.HttpResponse:
    """GET /api/images: each image and environment with its latest version, lineage, age, and whether a rebuild is due.

    409 with the faults where `pipeline.json` cannot be read.
    """
    reading = await read_with_uploads(azure, settings)
    if reading.pipeline is None:
        detail = f"{to_mend(reading.faults)}."
        raise RequestRefused(HTTPStatus.CONFLICT, "pipeline.json cannot be read", detail, faults=reading.faults)
    images = await asyncio.gather(
        *(_overview(azure, settings, client, reading, image) for image in reading.pipeline.images)
    )
    return json_answer(ImagesList(images=tuple(images)).to_payload())


async def _overview(
    azure: AzureClients,
    settings: Settings,
    client: df.DurableFunctionsClient,
    reading: ConfigurationReading,
    image: ImageSettings,
) -> ImageOverview:
    environments = [one.name for one in reading.pipeline.environments] if reading.pipeline else []
    known, run_on, now = await asyncio.gather(
        know_image(azure, settings, reading, image.name, environments),
        find_run_that_is_on(client, image.name),
        own_clock.now(azure),
    )
    built = await find_successful_builds(azure, known)
    changes = await _changes(azure, known, built, environments)
    return ImageOverview(
        name=image.name,
        os_type=image.os_type,
        run_on=run_on,
        patch=patch_outlook(now, image.schedule, known.outcomes) if image.schedule else None,
        faults=len(reading.faults_for(environments, image.name)),
        environments=tuple(
            ImageInEnvironment(
                environment=name,
                latest=_built(built[name], now) if name in built else None,
                rebuild_is_due=bool(changes[name]),
                rebuild_because=changes[name],
            )
            for name in environments
        ),
    )


async def _changes(
    azure: AzureClients, known: KnownImage, built: Mapping[str, SuccessfulBuild], environments: list[str]
) -> dict[str, tuple[str, ...]]:
    """Return why the image would come out otherwise in each environment; that Azure does not answer is told too."""
    try:
        comparisons = await compare(azure, known, built, environments)
    except AzureUnavailable:
        return dict.fromkeys(environments, UNKNOWN)
    return {comparison.now.environment: comparison.changes for comparison in comparisons}


def _built(build: SuccessfulBuild, now: datetime) -> BuiltImage:
    return BuiltImage(
        image_version_id=build.publication.image_version_id,
        replication_state=build.publication.replication_state,
        exact_source_version=build.publication.exact_source_version,
        scripts=build.publication.scripts,
        run_id=build.run.id,
        started_by=build.run.started_by,
        built_at=build.stage.ended_at or build.stage.started_at,
        age_seconds=round(build.age(now).total_seconds()),
    )
