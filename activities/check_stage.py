"""Check: whether a stage can do what the operator asks for, before anything is changed."""

import asyncio

from azure_clients import marketplace_images
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading, read_configuration
from configuration.settings import Settings
from models.errors import StepFailed
from models.failure import Failure
from models.faults import Fault
from models.pipeline_run import Stage
from models.source_image import MarketplaceImage
from models.stage_messages import CheckedStage
from policies.image_template_body import without_keys
from policies.resource_ids import parse_resource_id
from policies.source_compatibility import source_mismatches


async def check_stage(azure: AzureClients, settings: Settings, stage: Stage) -> CheckedStage:
    """Read the operator's files once for the whole stage and compare them with the facts of Azure.

    Azure: LIST and GET Microsoft.Compute/locations/publishers/.../versions.
    Repeat: reads again.
    """
    reading = await asyncio.to_thread(read_configuration, settings.parameters_folder, settings.customization_folder)
    faults = [
        *reading.faults_for([stage.environment], stage.image),
        *await find_source_faults(azure, reading, stage.environment, stage.image),
    ]
    plan = reading.stage_plan(stage.environment, stage.image)
    if plan is None or faults:
        sentences = [f"{fault.file}: {fault.path}: {fault.problem}" for fault in faults]
        raise StepFailed(
            Failure(
                code="InvalidConfiguration",
                message=" ".join(sentences) or f"{stage.environment} has no parameter files for {stage.image}.",
                what_to_do="Mend the parameter files; POST the same request again to see every fault with its line.",
            )
        )
    plan = plan.model_copy(update={"image_template": without_keys(plan.image_template)})
    return CheckedStage(plan=plan, remarks=reading.remarks_for([stage.environment], stage.image))


async def find_source_faults(
    azure: AzureClients, reading: ConfigurationReading, environment: str, image: str
) -> list[Fault]:
    """Return what keeps the source from becoming a version of its image definition, as the marketplace tells it.

    Files with faults of their own are passed over.
    """
    plan = reading.stage_plan(environment, image)
    if plan is None or plan.image_template.image_definition_id is None:
        return []
    source, location = plan.image_template.properties["source"], plan.image_template.location
    name = parse_resource_id(plan.image_template.image_definition_id)["images"]
    definition = next((one for one in plan.infrastructure.image_definitions if one.name == name), None)
    if source["type"] != "PlatformImage" or definition is None:
        return []
    wanted = MarketplaceImage.from_payload(source)
    found = await marketplace_images.find(azure, plan.environment.subscription_id, location, wanted)
    return [
        reading.source_fault(environment, image, mismatch.member, mismatch.problem, mismatch.instead)
        for mismatch in source_mismatches(wanted, found, definition, location)
    ]
