"""A pipeline run as it is asked for: options, who asked, and the messages that start it and its stages."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from models.approval import ApprovalRecord, Person
from models.configuration import Approval
from models.message import Message
from models.scripts import ScriptContent


class Scope(StrEnum):
    """How much of the job a run does; `policies.runs.scope_work` has the table."""

    ALL = "all"
    ONLY_REMOVAL = "only-removal"
    ONLY_INFRASTRUCTURE = "only-infrastructure"
    ONLY_ASSETS_AND_IMAGE = "only-assets-and-image"
    ONLY_IMAGE = "only-image"


class StepName(StrEnum):
    """The steps of a stage, in their order."""

    CHECK = "check"
    REMOVAL = "removal"
    INFRASTRUCTURE = "infrastructure"
    SCRIPTS = "scripts"
    IMAGE_TEMPLATE = "imageTemplate"
    BUILD = "build"
    PUBLICATION = "publication"


class Starter(Message):
    """What started a run (`http`, `timer`, `upload`) and, where it is known, who.

    `month` is that of a patch run, as `yyyy-MM`; `reason` says why a run started by itself.
    """

    kind: str
    who: Person | None = None
    month: str | None = None
    reason: str | None = None


class PipelineRun(Message):
    """Starts the orchestration `run_pipeline`.

    `environments` are the stages, in order; `approvals` has those that are waited for, by environment; `scripts` are
    the contents that every stage builds with, whatever is uploaded meanwhile.
    """

    id: str
    image: str
    scope: Scope
    environments: tuple[str, ...]
    started_by: Starter
    requested_at: datetime
    remove_image_templates: bool = False
    wait_for_image_build: bool = True
    approvals: dict[str, Approval] = Field(default_factory=dict)
    scripts: tuple[ScriptContent, ...] = ()


class Stage(Message):
    """Starts the orchestration `run_stage`: one environment of a pipeline run."""

    run_id: str
    image: str
    scope: Scope
    environment: str
    remove_image_templates: bool = False
    wait_for_image_build: bool = True
    scripts: tuple[ScriptContent, ...] = ()


class PipelineProgress(Message):
    """Which environment a run is at, and the approvals so far; the stage's own status tells the rest."""

    environment: str
    approvals: tuple[ApprovalRecord, ...] = ()
