"""The messages inside a stage: what its steps hand on to one another."""

from models.approval import CancelRequest
from models.configuration import StagePlan
from models.faults import Remark
from models.image_build import ImageBuildWatch, PastBuild
from models.image_template import ScriptReference
from models.message import Message
from models.pipeline_record import BuiltScript, Publication, StageRecord
from models.pipeline_run import Stage
from models.resources import ImageTemplateReference, StorageAccount
from models.scripts import ScriptContent


class CheckedStage(Message):
    """What a stage has to do, as the check found it good: the operator's files, read once for the whole stage.

    `unregistered_providers` are to be registered before anything else is done. `build_history` are the image's last
    builds that succeeded in this environment, newest first.
    """

    plan: StagePlan
    remarks: tuple[Remark, ...] = ()
    unregistered_providers: tuple[str, ...] = ()
    build_history: tuple[PastBuild, ...] = ()


class InfrastructureDeployment(Message):
    """Starts the orchestration `deploy_infrastructure`.

    `base` asks for all but the storage account and its container, `storage` for these.
    """

    plan: StagePlan
    base: bool
    storage: bool


class WrittenRecord(Message):
    """Says whether the run whose record was to be written was over by then: its record is left as it is."""

    was_over: bool = False


class DeployedInfrastructure(Message):
    """The ids of what was deployed."""

    resource_ids: tuple[str, ...]


class StageScripts(Message):
    """The scripts of an image, and the storage account and container that hold them.

    `contents` are those that the run builds with; none where an earlier run has uploaded the scripts.
    """

    account: StorageAccount
    container: str
    scripts: tuple[ScriptReference, ...]
    contents: tuple[ScriptContent, ...] = ()


class UploadedScripts(Message):
    """The scripts as they lie in the container, and the blob endpoint of its account."""

    blob_endpoint: str
    scripts: tuple[BuiltScript, ...]


class PublicationRequest(Message):
    """Asks what a build published; `version_expected` where a build that succeeds publishes an image version.

    `distribution_targets` are the image definitions and managed images that its template names.
    """

    template: ImageTemplateReference
    scripts: tuple[BuiltScript, ...]
    version_expected: bool = False
    distribution_targets: tuple[str, ...] = ()


class Published(Message):
    """What a build published."""

    publication: Publication


class Lineage(Message):
    """Tags that lead from a published artifact (a resource id) back to what it was made of."""

    artifact: str
    tags: dict[str, str]


class UntendedBuild(Message):
    """Starts the orchestration `tend_image_build`: a build that its stage does not wait for."""

    stage: Stage
    watch: ImageBuildWatch
    request: PublicationRequest


class BuildEnd(Message):
    """How an untended build ended, for the record of its run: `rest` is the stage from its build on.

    `canceled_by` is the wish to cancel that came meanwhile, perhaps after the run itself was over.
    """

    run_id: str
    rest: StageRecord
    canceled_by: CancelRequest | None = None


class Done(Message):
    """The answer of an activity that has nothing to tell."""
