"""The HTTP API of pipeline runs: start one, show one, list them."""

import asyncio
import secrets
from http import HTTPStatus
from itertools import chain

import azure.durable_functions as df
import azure.functions as func

from activities.pipeline_starts import start_pipeline_run
from activities.run_scripts import gather_scripts, read_with_uploads
from azure_clients import own_clock, records
from azure_clients.connection import AzureClients
from configuration.settings import Settings
from models.errors import RequestRefused
from models.pipeline_record import ListedRun, PipelineRunSummary, RunsList
from models.pipeline_run import PipelineRun, Starter
from models.run_plan import RunningRun
from orchestrators.run_pipeline import pipeline_start
from policies.runs.approvals import approvals_of
from policies.runs.ids import is_run_id, new_run_id
from policies.runs.scope_work import Work, work_of
from triggers.answers import body_of, json_answer, limit_of, status_url, to_mend
from triggers.people import who_asks
from triggers.pipeline_instances import find_run
from triggers.run_requests import find_in_all_stages, read_options


async def start_run(
    azure: AzureClients, settings: Settings, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """POST /api/runs: start a pipeline run, if everything that it needs is in order.

    202 with the run's id and address; 400 with every fault of request and files; 409 with the id and address of the
    run of this image that is on.
    """
    body = body_of(request)
    reading = await read_with_uploads(azure, settings)
    options, faults = read_options(body, reading)
    if options is not None:
        findings = await find_in_all_stages(azure, reading, options)
        in_azure = chain.from_iterable(stage.faults for stage in findings.values())
        faults = [*reading.faults_for(options.environments, options.image), *in_azure]
    if options is None or faults:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST,
            "The run was not started",
            f"{to_mend(faults)}; nothing was changed.",
            faults=tuple(faults),
        )
    now = await own_clock.now(azure)
    uploads_scripts = Work.UPLOAD in work_of(options.scope)
    run = PipelineRun(
        id=new_run_id(options.image, now, secrets.randbits(24)),
        image=options.image,
        scope=options.scope,
        environments=options.environments,
        started_by=Starter(kind="http", who=who_asks(settings, request, options.who)),
        requested_at=now,
        remove_image_templates=options.remove_image_templates,
        wait_for_image_build=options.wait_for_image_build,
        approvals=approvals_of(reading.pipeline, options.environments),
        scripts=await gather_scripts(azure, settings, reading, options.image, options.environments)
        if uploads_scripts
        else (),
    )
    on = await start_pipeline_run(azure, client, pipeline_start(run))
    if not on.started:
        raise RequestRefused(
            HTTPStatus.CONFLICT,
            "A run of this image is on",
            f"The image {options.image} is being built by {on.run_id}; one run of an image is on at a time.",
            extra={"id": on.run_id, "statusUrl": status_url(request, on.run_id)},
        )
    url = status_url(request, run.id)
    started = RunningRun(id=run.id, status_url=url)
    return json_answer(started.to_payload(), HTTPStatus.ACCEPTED, {"Location": url, "Retry-After": "5"})


async def get_run(
    azure: AzureClients, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """GET /api/runs/{id}: how far a run is, or how it ended."""
    run_id = request.route_params["id"]
    record = await find_run(client, azure, run_id) if is_run_id(run_id) else None
    if record is None:
        raise RequestRefused(HTTPStatus.NOT_FOUND, "No such run", "There is no pipeline run with this id.")
    return json_answer(record.to_payload())


async def list_runs(
    azure: AzureClients, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """GET /api/runs: the newest runs, newest first; `limit` says how many at most (default 50)."""
    summaries = await records.list_newest(azure, limit_of(request))
    standing = await asyncio.gather(*(_as_it_stands(client, azure, summary) for summary in summaries))
    runs = (ListedRun.of(summary, status_url(request, summary.id)) for summary in standing)
    return json_answer(RunsList(runs=tuple(runs)).to_payload())


async def _as_it_stands(
    client: df.DurableFunctionsClient, azure: AzureClients, listed: PipelineRunSummary
) -> PipelineRunSummary:
    """Return the row of a run; of one that its record shows as going on, the durable engine is asked."""
    record = None if listed.ended_at else await find_run(client, azure, listed.id)
    return PipelineRunSummary.of_record(record) if record else listed
