"""What the operator configured, once it is read and checked: environments, images, infrastructure."""

from typing import Literal

from pydantic import Field

from models.image_template import ImageTemplatePlan
from models.message import JsonObject, Message
from models.source_image import PurchasePlan

type OsType = Literal["Linux", "Windows"]


class Approval(Message):
    """The decision that a stage waits for: `approvers` are sign-in names, none of them stands for anyone."""

    approvers: tuple[str, ...] = ()
    timeout_minutes: int
    not_by_starter: bool = False


class Environment(Message):
    """One environment of the pipeline, with its own subscription."""

    name: str
    subscription_id: str
    location: str
    approval: Approval | None = None


class PatchSchedule(Message):
    """When an image is patched: so many days after the second Tuesday of a month, at `time` (`HH:MM`) in `time_zone`.

    `environments` are those that a patch run walks; `always` builds also where nothing has changed; after
    `failures_before_pause` failures in a row the schedule pauses.
    """

    days_after_patch_tuesday: int = 1
    time: str = "03:00"
    time_zone: str = "UTC"
    environments: tuple[str, ...]
    always: bool = False
    failures_before_pause: int = 5


class ImageSettings(Message):
    """An image that the pipeline builds; without `schedule` it is not patched by itself."""

    name: str
    os_type: OsType
    schedule: PatchSchedule | None = None


class PipelineConfiguration(Message):
    """The file `pipeline.json`; the environments stand in the order in which a run walks them."""

    environments: tuple[Environment, ...]
    images: tuple[ImageSettings, ...]


class ImageDefinition(Message):
    """An image definition of the gallery.

    `arm_properties` is the `properties` of the body to PUT (Microsoft.Compute/galleries/images); the other fields
    repeat what a source must agree with. `security_type` is None where the definition asks for none.
    """

    name: str
    os_type: OsType
    hyper_v_generation: str
    architecture: str
    security_type: str | None = None
    plan: PurchasePlan | None = None
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    arm_properties: JsonObject


class Infrastructure(Message):
    """The file `<env>.imageInfra.parameters.json`; the first of `containers` is the one for the scripts."""

    resource_group: str
    location: str
    storage_account: str
    containers: tuple[str, ...]
    identity: str
    gallery: str
    image_definitions: tuple[ImageDefinition, ...]


class StagePlan(Message):
    """All that one stage needs of the configuration: one image in one environment.

    `subscription_ids` are those of all environments: the app has its rights in each.
    """

    environment: Environment
    subscription_ids: tuple[str, ...] = ()
    image: ImageSettings
    infrastructure: Infrastructure
    image_template: ImageTemplatePlan
