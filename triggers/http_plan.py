"""The HTTP API of plans: what a run would do, and all that speaks against it."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from itertools import chain

import azure.durable_functions as df
import azure.functions as func

from activities.check_stage import StageFindings
from activities.image_templates import list_image_templates
from activities.run_scripts import read_and_sort_uploads
from activities.script_remarks import remarks_on_present_scripts
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading
from configuration.run_options import RunOptions
from configuration.settings import Settings
from models.configuration import StagePlan
from models.errors import AzureRefused, AzureUnavailable, RequestRefused
from models.faults import Remark
from models.misfit import Misfit, Part
from models.pipeline_run import Stage
from models.run_plan import PlannedStage, RunningRun, RunPlan
from models.template_removal import FoundImageTemplate, TemplatesOfGroup
from policies.checks.planned_steps import StageOutlook, planned_steps
from policies.runs.approvals import approvals_of
from policies.runs.scope_work import Work, removes_templates, work_of
from triggers.answers import body_of, json_answer, status_url, to_mend
from triggers.pipeline_instances import find_run_that_is_on
from triggers.run_requests import find_in_all_stages, read_options

NOT_STARTED = "(a plan)"


async def plan_run(
    azure: AzureClients, settings: Settings, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """POST /api/plan: what a run with these options would do, step by step, and every fault; nothing is changed.

    200 with the plan, also where it has faults; 400 with the faults of the request itself.
    """
    body = body_of(request)
    reading, uploads = await read_and_sort_uploads(azure, settings)
    options, faults = read_options(body, reading)
    if options is None and reading.pipeline is not None:
        detail = f"{to_mend(faults)}."
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "The request is not understood", detail, faults=tuple(faults))
    if options is None:
        return json_answer(RunPlan(image=None, scope=None, environments=(), faults=tuple(faults)).to_payload())
    findings = await find_in_all_stages(azure, reading, options)
    if Work.UPLOAD in work_of(options.scope):
        for name, found in findings.items():
            remarks = await remarks_on_present_scripts(
                azure, settings, reading, uploads.counting, (name, options.image)
            )
            findings[name] = replace(found, remarks=(*remarks, *found.remarks))
    environments = await asyncio.gather(
        *(_planned_stage(azure, reading, options, name, found) for name, found in findings.items())
    )
    of_files = reading.faults_for(options.environments, options.image)
    in_azure = chain.from_iterable(found.faults for found in findings.values())
    running = await find_run_that_is_on(client, options.image)
    plan = RunPlan(
        image=options.image,
        scope=options.scope,
        environments=tuple(environments),
        faults=(*of_files, *in_azure),
        running=RunningRun(id=running, status_url=status_url(request, running)) if running else None,
    )
    return json_answer(plan.to_payload())


async def _planned_stage(
    azure: AzureClients, reading: ConfigurationReading, options: RunOptions, environment: str, found: StageFindings
) -> PlannedStage:
    remarks = [
        *reading.remarks_for([environment], options.image),
        *found.remarks,
        *(_unanswered(reading, options, environment, error) for error in found.unanswered),
    ]
    plan = reading.stage_plan(environment, options.image)
    if plan is None:
        return PlannedStage(environment=environment, steps=(), remarks=tuple(remarks))
    stage = Stage(
        run_id=NOT_STARTED,
        image=options.image,
        scope=options.scope,
        environment=environment,
        remove_image_templates=options.remove_image_templates,
        wait_for_image_build=options.wait_for_image_build,
    )
    outlook = StageOutlook(
        stage=stage,
        plan=plan,
        approval=approvals_of(reading.pipeline, options.environments).get(environment),
        unregistered=found.unregistered,
        templates=await _earlier_templates(azure, stage, plan, found.unregistered),
        custom_roles=frozenset(azure.custom_roles),
    )
    return PlannedStage(environment=environment, steps=planned_steps(outlook), remarks=tuple(remarks))


async def _earlier_templates(
    azure: AzureClients, stage: Stage, plan: StagePlan, unregistered: tuple[str, ...]
) -> tuple[FoundImageTemplate, ...] | None:
    """Return the image templates of the stage's resource group, if they matter; None where Azure does not tell."""
    asked_for = removes_templates(stage.scope, asked_for=stage.remove_image_templates)
    if not asked_for or "Microsoft.VirtualMachineImages" in unregistered:
        return ()
    group = TemplatesOfGroup(
        subscription_id=plan.environment.subscription_id, resource_group=plan.image_template.resource_group
    )
    try:
        return (await list_image_templates(azure, group)).templates
    except (AzureRefused, AzureUnavailable):
        return None


def _unanswered(
    reading: ConfigurationReading, options: RunOptions, environment: str, error: AzureUnavailable
) -> Remark:
    told = Misfit(
        Part.ENVIRONMENT,
        ("subscriptionId",),
        f"Not all could be checked: {error}",
        "nothing, or a right that the app lacks; a run asks again",
    )
    return reading.misfit_remark(environment, options.image, told)
