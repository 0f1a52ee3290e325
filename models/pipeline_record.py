"""A pipeline run as it is recorded and shown: every stage, step, build and result."""

from datetime import datetime
from typing import Self, override

from pydantic import computed_field

from models.approval import ApprovalRecord, CancelRequest
from models.artifacts import RemovedArtifact
from models.failure import Failure
from models.faults import Remark
from models.image_build import ImageBuildProgress
from models.message import Message
from models.pipeline_run import Scope, Starter, StepName
from models.scripts import ScriptContent, ScriptOrigin
from models.state import State
from models.template_removal import RemovalRecord


class Timed(Message):
    """Something with a beginning and, once it is over, an end."""

    started_at: datetime
    ended_at: datetime | None = None

    @computed_field
    @property
    def duration_seconds(self) -> float | None:
        """Return the time from beginning to end, or None while it goes on."""
        return None if self.ended_at is None else round((self.ended_at - self.started_at).total_seconds(), 3)


class StepRecord(Timed):
    """One step of a stage; `detail` is a short sentence on what came of it."""

    name: StepName
    state: State
    detail: str | None = None


class StageFailure(Failure):
    """Why a stage ended otherwise than asked, and at which step."""

    step: StepName


class BuiltScript(Message):
    """A customization script as it went into the image: path in the scripts container, SHA-256 in lower case.

    `uploaded_at` is when an operator uploaded it, None for one that came with the app.
    """

    path: str
    sha256: str
    origin: ScriptOrigin = ScriptOrigin.PACKAGED
    uploaded_at: datetime | None = None


class RunOutput(Message):
    """What one distributor of the image template made: a resource id, or an address for a VHD."""

    name: str
    artifact: str


class RegionalReplication(Message):
    """Where the replication of an image version to one region stood when the stage ended.

    `state` is Unknown, Replicating, Completed or Failed; `progress` is in percent; `details` is Azure's own text.
    """

    image_version_id: str
    name: str
    state: str
    progress: int | None = None
    details: str | None = None


class LineageFailure(Failure):
    """Why an artifact does not carry the tag of its source, though it was published."""

    artifact: str


class Publication(Message):
    """What a stage published and what is inside it.

    `image_version_id` is the first version where several galleries get one. `replication_state` is that of all versions
    (InProgress where it outlasts the build), `exact_source_version` the version that `latest` came to, the id of a
    managed image, `log_url` the address of `customization.log` or of the container it lies in. `half_made` are what a
    build that did not succeed left unfinished.
    """

    image_version_id: str | None
    replication_state: str | None
    template_name: str
    exact_source_version: str | None
    scripts: tuple[BuiltScript, ...]
    log_url: str | None
    outputs: tuple[RunOutput, ...]
    regions: tuple[RegionalReplication, ...] = ()
    lineage_failures: tuple[LineageFailure, ...] = ()
    half_made: tuple[RemovedArtifact, ...] = ()


class StageRecord(Timed):
    """One environment of a run: the steps so far, the build, and how it ended.

    `configuration_digest` is a SHA-256 over all that the operator configured for it: the same digest is the same
    configuration.
    """

    environment: str
    configuration_digest: str | None = None
    state: State = State.RUNNING
    steps: tuple[StepRecord, ...] = ()
    removal: RemovalRecord | None = None
    build: ImageBuildProgress | None = None
    failure: StageFailure | None = None
    result: Publication | None = None
    remarks: tuple[Remark, ...] = ()


class PipelineRecord(Timed):
    """A whole run. It is kept in the app's storage and outlives the orchestration's history.

    `scripts` are the contents that its stages build with; `skipped_because` says why a run that was due did nothing.
    """

    id: str
    image: str
    scope: Scope
    started_by: Starter
    scripts: tuple[ScriptContent, ...] = ()
    skipped_because: str | None = None
    state: State = State.RUNNING
    stages: tuple[StageRecord, ...] = ()
    approvals: tuple[ApprovalRecord, ...] = ()
    canceled_by: CancelRequest | None = None
    failure: Failure | None = None

    @override
    def __str__(self) -> str:
        return f"pipeline run {self.id} ({self.state})"


class PipelineRunSummary(Message):
    """A run as a row of the list; of its starter it tells the kind, and the month of a patch run."""

    id: str
    image: str
    scope: Scope
    state: State
    started_by: Starter
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of_record(cls, record: PipelineRecord) -> Self:
        """Return the row of a run."""
        starter = Starter(kind=record.started_by.kind, month=record.started_by.month)
        return cls(
            id=record.id,
            image=record.image,
            scope=record.scope,
            state=record.state,
            started_by=starter,
            started_at=record.started_at,
            ended_at=record.ended_at,
        )


class ListedRun(PipelineRunSummary):
    """A run in the list, with its address."""

    status_url: str

    @classmethod
    def of(cls, summary: PipelineRunSummary, status_url: str) -> Self:
        """Return a row of the list of runs."""
        return cls(**dict(summary), status_url=status_url)


class RunsList(Message):
    """The newest runs, newest first."""

    runs: tuple[ListedRun, ...]
