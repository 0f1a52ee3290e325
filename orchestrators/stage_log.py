"""Keeps the record of a stage while it goes on, and shows it as the orchestration's custom status."""

from models.errors import StepFailed
from models.faults import Remark
from models.image_build import ImageBuildProgress
from models.pipeline_record import Publication, StageFailure, StageRecord, StepRecord
from models.pipeline_run import StepName
from models.state import State
from models.template_removal import RemovalRecord
from orchestrators.cancellation import Cancellation
from orchestrators.durable import Context, Steps, about, now, show

# What was built is told, whoever cancels the run by then.
UNSTOPPABLE = {StepName.PUBLICATION}


class StageLog:
    """The stage so far. Every change is shown at once."""

    def __init__(self, context: Context, environment: str, cancellation: Cancellation) -> None:
        self._context = context
        self._cancellation = cancellation
        self._remarks: tuple[Remark, ...] = ()
        self._removal: RemovalRecord | None = None
        self._result: Publication | None = None
        self.record = StageRecord(environment=environment, started_at=now(context))
        show(context, self.record)

    def step[T](self, name: StepName, work: Steps[T], *, has_begun: bool = False) -> Steps[T]:
        """Do the work as a step of this name; a failure in it is noted with the step, and raised again.

        A run that is to be canceled ends before the step's work, unless that has begun elsewhere and must see to its
        own end. Work that gives a state ends the step in it.
        """
        about(self._context, step=name)
        began = StepRecord(name=name, state=State.RUNNING, started_at=now(self._context))
        self._update(steps=(*self.record.steps, began))
        try:
            if name not in UNSTOPPABLE and not has_begun:
                self._cancellation.check()
            result = yield from work
        except StepFailed as failed:
            self._end_step(failed.state, failed.failure.message)
            self._update(failure=StageFailure(**failed.failure.model_dump(), step=name))
            raise
        finally:
            about(self._context, step=None)
        self._end_step(result if isinstance(result, State) else State.SUCCEEDED)
        return result

    def forgive(self) -> None:
        """Let the stage go on after a step that failed; the step itself stays recorded as failed."""
        self._update(failure=None)

    def checked(self, remarks: tuple[Remark, ...], configuration_digest: str) -> None:
        """Note of which configuration the stage is, and keep what the check remarked.

        Remarks are not shown before the end: a custom status may not exceed 16 KB.
        """
        self._remarks = remarks
        self._update(configuration_digest=configuration_digest)

    def removal(self, removal: RemovalRecord) -> None:
        """Keep what became of the earlier templates; shown at the end, like the remarks."""
        self._removal = removal

    def build(self, progress: ImageBuildProgress) -> None:
        """Note how far the image build is."""
        self._update(build=progress)

    def result(self, result: Publication | None) -> None:
        """Note what the stage published, and where its log is."""
        self._result = result

    def detail(self, sentence: str | None) -> None:
        """Note what came of the step that is on, beside its state; a failure of it says more."""
        *earlier, last = self.record.steps
        self._update(steps=(*earlier, last.model_copy(update={"detail": sentence})))

    def end(self, state: State) -> StageRecord:
        """Return the whole record."""
        self._update(state=state, ended_at=now(self._context))
        return self.record.model_copy(
            update={"remarks": self._remarks, "removal": self._removal, "result": self._result}
        )

    def _end_step(self, state: State, detail: str | None = None) -> None:
        *earlier, last = self.record.steps
        told = detail or last.detail
        ended = last.model_copy(update={"state": state, "ended_at": now(self._context), "detail": told})
        self._update(steps=(*earlier, ended))

    def _update(self, **changes: object) -> None:
        self.record = self.record.model_copy(update=changes)
        show(self._context, self.record)
