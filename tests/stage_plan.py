"""The stage plan that tests of policies and orchestrators start from: one image in one environment."""

from typing import Any

from models.configuration import Environment, ImageDefinition, ImageSettings, Infrastructure, StagePlan
from models.image_template import ImageTemplatePlan, ScriptReference

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
COMPUTE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
DEFINITION_ID = f"{COMPUTE}/galleries/g/images/linux"
VERSION_ID = f"{DEFINITION_ID}/versions/1.0.1"
SOURCE = {"type": "PlatformImage", "publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "latest"}
SHARED = {"type": "SharedImage", "galleryImageId": DEFINITION_ID, "runOutputName": "o"}
LINUX = ImageDefinition(name="linux", os_type="Linux", hyper_v_generation="V2", architecture="x64", arm_properties={})
INFRASTRUCTURE = Infrastructure(
    resource_group="rg",
    location="westeurope",
    storage_account="scripts",
    containers=("aibscripts",),
    identity="msi",
    gallery="g",
    image_definitions=(LINUX,),
)
SCRIPT_ADDRESS = "https://s/aibscripts/linux/a.sh"


def stage_plan(
    infrastructure: Infrastructure = INFRASTRUCTURE, build_timeout_minutes: int = 60, **properties: Any
) -> StagePlan:
    """Return the plan; `properties` replace or add properties of the image template."""
    return StagePlan(
        environment=Environment(name="sbx", subscription_id=SUBSCRIPTION, location="westeurope"),
        image=ImageSettings(name="linux", os_type="Linux"),
        infrastructure=infrastructure,
        image_template=ImageTemplatePlan(
            base_name="lin_it",
            resource_group="rg",
            location="westeurope",
            identity_name="msi",
            identity_resource_group="rg",
            properties={
                "source": SOURCE,
                "customize": [{"type": "Shell", "name": "PowerShell", "scriptUri": SCRIPT_ADDRESS}],
                "distribute": [SHARED],
                **properties,
            },
            build_timeout_minutes=build_timeout_minutes,
            image_definition_id=DEFINITION_ID,
            distribution_targets=(DEFINITION_ID,),
            scripts=(
                ScriptReference(
                    pointer="customize[0].scriptUri",
                    address=SCRIPT_ADDRESS,
                    account="s",
                    container="aibscripts",
                    path="linux/a.sh",
                    source_file="linux/a.sh",
                ),
            ),
        ),
    )
