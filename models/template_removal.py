"""The removal of an image's earlier image templates."""

from models.failure import Failure
from models.image_build import ImageRunState
from models.message import Message
from models.resources import ImageTemplateReference, ProvisioningState


class FoundImageTemplate(Message):
    """An image template as the list of its resource group shows it."""

    template: ImageTemplateReference
    state: ProvisioningState
    run_state: ImageRunState
    tags: dict[str, str]
    staging_resource_group: str | None = None


class FoundImageTemplates(Message):
    """All image templates of a resource group."""

    templates: tuple[FoundImageTemplate, ...]


class TemplatesOfGroup(Message):
    """Asks for the image templates of a resource group."""

    subscription_id: str
    resource_group: str


class TemplateRemoval(Message):
    """Starts the orchestration `remove_image_templates`: which image's templates, where, and for which run."""

    run_id: str
    environment: str = ""
    image: str
    base_name: str
    group: TemplatesOfGroup


class LogCopy(Message):
    """Asks for a copy of a template's build log beside the record of a run: its own goes with the template."""

    run_id: str
    template: FoundImageTemplate


class CopiedLog(Message):
    """Where the copy is: a blob's name in the records' container, or None where there was no log."""

    blob: str | None


class RemovedTemplate(Message):
    """What became of one earlier template.

    `kept_because` says why it was left alone, `failure` why it could not be removed; without either it is gone.
    `log_failure` says why its build log could not be kept.
    """

    name: str
    log_copy: str | None = None
    log_failure: Failure | None = None
    kept_because: str | None = None
    failure: Failure | None = None


class RemovalRecord(Message):
    """What became of an image's earlier templates. A failed removal does not stop the build."""

    templates: tuple[RemovedTemplate, ...] = ()
    failure: Failure | None = None
