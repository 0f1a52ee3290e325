"""Check: whether a stage can do what the operator asks for, before anything is changed."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import chain

from pydantic import ValidationError

from activities.run_scripts import read_with_uploads
from activities.script_remarks import remarks_on_scripts
from activities.stage_checks import GROUP_CHECK, STAGE_CHECKS, StageCheck
from azure_clients import providers, records
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading, read_configuration
from configuration.settings import Settings
from models.configuration import StagePlan
from models.errors import AzureError, AzureRefused, AzureUnavailable, StepFailed
from models.failure import Failure
from models.faults import Fault, Remark
from models.image_build import PastBuild
from models.misfit import Misfit, Part
from models.pipeline_run import Scope, Stage
from models.stage_messages import CheckedStage
from models.subscription import SubscriptionProviders
from policies.builds.history import build_history
from policies.builds.image_template_body import without_keys
from policies.checks.provider_registration import registration_remarks, unregistered_providers
from policies.checks.stage_misfits import refused_question, refused_subscription, region_misfits
from policies.resources.source_compatibility import image_source, is_version_of
from policies.runs.scope_work import Work, work_of

LOGGER = logging.getLogger("image_bakery")
RECORDS_OF_HISTORY = 10


@dataclass(frozen=True)
class StageFindings:
    """What Azure tells against a stage, and about it; `unanswered` are the questions that it did not answer."""

    faults: tuple[Fault, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unregistered: tuple[str, ...] = ()
    unanswered: tuple[AzureUnavailable, ...] = ()


async def check_stage(azure: AzureClients, settings: Settings, stage: Stage) -> CheckedStage:
    """Read the operator's files once for the whole stage and compare them with the facts of Azure.

    Azure: LIST of the uploads; LIST resource providers; GET or LIST of source, resource group, storage account, gallery
    and identity; POST checkNameAvailability, which changes nothing; LIST and GET of the image's newest records; GET of
    the scripts' contents, for remarks.
    Repeat: reads again.
    """
    reading = await _read(azure, settings, stage)
    found = await find_in_azure(azure, reading, stage.environment, stage.image, stage.scope)
    faults = [*reading.faults_for([stage.environment], stage.image), *found.faults]
    plan = reading.stage_plan(stage.environment, stage.image)
    if plan is None or faults:
        sentences = [f"{fault.file}: {fault.path}: {fault.problem} Write: {fault.instead}." for fault in faults]
        raise StepFailed(
            Failure(
                code="InvalidConfiguration",
                message=" ".join(sentences) or f"{stage.environment} has no parameter files for {stage.image}.",
                what_to_do="Mend the parameter files; POST the same request again to see every fault with its line.",
            )
        )
    if found.unanswered:
        raise found.unanswered[0]
    plan = plan.model_copy(update={"image_template": without_keys(plan.image_template)})
    remarks = (
        *reading.remarks_for([stage.environment], stage.image),
        *(await remarks_on_scripts(azure, settings, plan, stage.scripts)),
        *found.remarks,
    )
    history = await _build_history(azure, stage)
    return CheckedStage(plan=plan, remarks=remarks, unregistered_providers=found.unregistered, build_history=history)


async def find_in_azure(
    azure: AzureClients,
    reading: ConfigurationReading,
    environment: str,
    image: str,
    scope: Scope,
    published_before: frozenset[str] = frozenset(),
) -> StageFindings:
    """Compare a stage with the facts of Azure, as far as its scope needs them; nothing is changed.

    Files with faults of their own are passed over. `published_before` are the image definitions, by id, of which
    earlier stages of the same run publish a version: a source among them is yet to come.
    """
    plan, work = reading.stage_plan(environment, image), work_of(scope)
    if plan is None or not work:
        return StageFindings()
    listed, of_group = await asyncio.gather(
        _answered(providers.list_all(azure, plan.environment.subscription_id)),
        _checked(GROUP_CHECK, azure, plan, work),
    )
    if isinstance(listed, AzureRefused):
        misfit = refused_subscription(plan.environment.subscription_id, str(listed))
        return StageFindings(faults=(reading.misfit_fault(environment, image, misfit),))
    subscription = SubscriptionProviders() if isinstance(listed, AzureUnavailable) else listed
    unregistered = unregistered_providers(subscription)
    of_regions = region_misfits(plan, subscription)
    lacks_region = any(misfit.part is Part.ENVIRONMENT for misfit in of_regions)
    is_to_come = is_version_of(image_source(plan.image_template.properties["source"]), published_before)
    lacks_group = Work.BASE not in work and isinstance(of_group, list) and bool(of_group)
    checks = [
        _checked(one, azure, plan, work)
        for one in STAGE_CHECKS
        if one.needed_for & work
        and one.namespace not in unregistered
        and not (one.in_group and lacks_group)
        and not (one.of_source and (lacks_region or is_to_come))
    ]
    answers = [of_group, *(await asyncio.gather(*checks))]
    misfits = [
        *of_regions,
        *chain.from_iterable(one for one in answers if isinstance(one, list)),
    ]
    return StageFindings(
        faults=tuple(reading.misfit_fault(environment, image, misfit) for misfit in misfits),
        remarks=tuple(
            reading.misfit_remark(environment, image, remark) for remark in registration_remarks(unregistered)
        ),
        unregistered=unregistered,
        unanswered=tuple(one for one in (listed, *answers) if isinstance(one, AzureUnavailable)),
    )


async def _read(azure: AzureClients, settings: Settings, stage: Stage) -> ConfigurationReading:
    """Read the operator's files; the scripts that the run was asked for with are there, whatever became of uploads."""
    if not stage.scripts:
        return await read_with_uploads(azure, settings)
    known = frozenset(script.path for script in stage.scripts)
    return await asyncio.to_thread(read_configuration, settings.parameters_folder, settings.customization_folder, known)


async def _build_history(azure: AzureClients, stage: Stage) -> tuple[PastBuild, ...]:
    """Return the image's last builds in this environment; without them a build is only watched less cleverly."""
    if Work.IMAGE not in work_of(stage.scope):
        return ()
    try:
        return build_history(await records.list_of_image(azure, stage.image, RECORDS_OF_HISTORY), stage.environment)
    except (AzureError, ValidationError) as error:
        LOGGER.warning("The earlier builds of %s could not be read: %s", stage.image, error)
        return ()


async def _answered[T](question: Awaitable[T]) -> T | AzureRefused | AzureUnavailable:
    """Return the answer, or why there is none: what one question does not bring, others may."""
    try:
        return await question
    except (AzureRefused, AzureUnavailable) as error:
        return error


async def _checked(
    check: StageCheck, azure: AzureClients, plan: StagePlan, work: frozenset[Work]
) -> list[Misfit] | AzureUnavailable:
    """Return what a check finds; a question that Azure refuses is a misfit of what it asks about."""
    answer = await _answered(check.check(azure, plan, work))
    return [refused_question(check.part, check.path, str(answer))] if isinstance(answer, AzureRefused) else answer
