"""The HTTP API of pipeline runs: start one, show one, list them."""

import json
import logging
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import azure.durable_functions as df
import azure.functions as func
from configuration.run_options import read_run_options

from activities.check_stage import find_source_faults
from azure_clients import records
from azure_clients.connection import AzureClients
from configuration import read_configuration
from configuration.settings import Settings
from models.configuration import StagePlan
from models.errors import AzureUnavailable, RequestRefused
from models.faults import Fault
from models.message import JsonObject
from models.pipeline_run import PipelineRun, Starter
from policies.run_ids import is_run_id, new_run_id
from triggers.pipeline_instances import AlreadyOn, find_run, start

LOGGER = logging.getLogger("image_bakery")
LONGEST_LIST = 200


async def start_run(
    azure: AzureClients, settings: Settings, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """POST /api/runs: start a pipeline run, if everything that it needs is in order.

    202 with the run's id and address; 400 with every fault of request and files; 409 with the id and address of the
    run of this image that is on.
    """
    reading = read_configuration(settings.parameters_folder, settings.customization_folder)
    options, faults = read_run_options(request.get_body(), reading)
    if options is not None and not faults:
        faults = await _source_faults(azure, reading.stage_plans(options.environments, options.image))
    if options is None or faults:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST,
            "The run was not started",
            f"{len(faults)} fault(s) to mend; nothing was changed.",
            faults=tuple(faults),
        )
    now = datetime.now(UTC)
    run = PipelineRun(
        id=new_run_id(options.image, now, secrets.randbits(24)),
        image=options.image,
        scope=options.scope,
        environments=options.environments,
        started_by=Starter(kind="http"),
        requested_at=now,
    )
    try:
        await start(client, run)
    except AlreadyOn as other:
        raise RequestRefused(
            HTTPStatus.CONFLICT,
            "A run of this image is on",
            f"The image {options.image} is being built by {other.run_id}; one run of an image is on at a time.",
            extra={"id": other.run_id, "statusUrl": _status_url(request, other.run_id)},
        ) from other
    url = _status_url(request, run.id)
    return _json({"id": run.id, "statusUrl": url}, HTTPStatus.ACCEPTED, {"Location": url, "Retry-After": "5"})


async def get_run(
    azure: AzureClients, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """GET /api/runs/{id}: how far a run is, or how it ended."""
    run_id = request.route_params["id"]
    record = await find_run(client, azure, run_id) if is_run_id(run_id) else None
    if record is None:
        raise RequestRefused(HTTPStatus.NOT_FOUND, "No such run", "There is no pipeline run with this id.")
    return _json(record.to_payload())


async def list_runs(azure: AzureClients, request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/runs: the newest runs, newest first; `limit` says how many at most (default 50)."""
    limit = request.params.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= LONGEST_LIST):
        fault = Fault(
            file="query",
            path="limit",
            value=limit[:40],
            problem="This is not a number of runs that can be listed.",
            instead=f"a whole number from 1 to {LONGEST_LIST}",
        )
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "The runs were not listed", fault.problem, faults=(fault,))
    summaries = await records.list_newest(azure, int(limit))
    runs = [{**summary.to_payload(), "statusUrl": _status_url(request, summary.id)} for summary in summaries]
    return _json({"runs": runs})


async def _source_faults(azure: AzureClients, plans: list[StagePlan]) -> list[Fault]:
    """Compare sources and definitions; where Azure does not answer, the run's own check will ask again."""
    try:
        return [fault for plan in plans for fault in await find_source_faults(azure, plan)]
    except AzureUnavailable:
        LOGGER.warning("The sources could not be checked before the start of the run.", exc_info=True)
        return []


def _status_url(request: func.HttpRequest, run_id: str) -> str:
    """Return the address of a run, without the key that may stand in the request's own."""
    url = urlsplit(request.url)
    return f"{url.scheme}://{url.netloc}/api/runs/{run_id}"


def _json(
    body: JsonObject, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False), status_code=status, headers=headers, mimetype="application/json"
    )
