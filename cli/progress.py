"""Shows how far a run is while it goes on: a picture in a terminal, one line for each change elsewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.changes import approval_state, build_state, changes, clock
from models.approval import ApprovalState
from models.pipeline_record import PipelineRecord, StageRecord, StepRecord
from models.pipeline_run import StepName
from models.state import State

type Show = Callable[[PipelineRecord], None]

MARKS = {
    State.SUCCEEDED: Text("✓", style="green"),
    State.TRIGGERED: Text("›", style="cyan"),  # noqa: RUF001  # an arrow, no quotation mark
    State.PARTIALLY_SUCCEEDED: Text("!", style="yellow"),
}
OTHER_MARK = Text("✗", style="red")


@dataclass
class Shown:
    """The last look at the run."""

    record: PipelineRecord | None = None


@contextmanager
def progress(console: Console) -> Generator[Show]:
    """Give a function that shows a record of the run, as often as there is one."""
    shown = Shown()
    if not console.is_terminal:
        yield lambda record: _show_lines(console, shown, record)
        return
    spinner = Spinner("dots", style="cyan")

    def show(record: PipelineRecord) -> None:
        shown.record = record

    def picture() -> RenderableType:
        return run_picture(shown.record, datetime.now(UTC), spinner) if shown.record else Text()

    with Live(console=console, get_renderable=picture, refresh_per_second=10, transient=True):
        yield show


def run_picture(record: PipelineRecord, now: datetime, spinner: RenderableType) -> RenderableType:
    """Draw a run as it stands `now`: a line for the run, and for each step state, name, time and detail."""
    heading = Table.grid(expand=True)
    heading.add_column()
    heading.add_column(justify="right", no_wrap=True)
    title = Text.assemble(("Baking ", "bold"), (record.image, "bold cyan"), (f"  {record.id}", "dim"))
    heading.add_row(title, Text(clock((record.ended_at or now) - record.started_at), style="bold"))
    steps = Table.grid(padding=(0, 2))
    for column in ("environment", "mark", "step"):
        steps.add_column(column, no_wrap=True)
    steps.add_column("time", justify="right", no_wrap=True)
    steps.add_column("detail", ratio=1)
    for stage in record.stages:
        for number, step in enumerate(stage.steps):
            environment = "" if number else stage.environment
            goes_on = step.state is State.RUNNING or _is_built_meanwhile(stage, step)
            mark = spinner if goes_on else MARKS.get(step.state, OTHER_MARK)
            took = clock((step.ended_at or now) - step.started_at)
            steps.add_row(Text(environment, style="bold"), mark, str(step.name), took, _detail(stage, step))
    for approval in record.approvals:
        if approval.state is ApprovalState.WAITING:
            waited, detail = clock(now - approval.requested_at), Text(approval_state(approval), style="cyan")
            steps.add_row(Text(approval.environment, style="bold"), spinner, "approval", waited, detail)
    return Group(heading, Text(), steps)


def _detail(stage: StageRecord, step: StepRecord) -> Text:
    if (
        stage.build
        and (step.state is State.RUNNING or _is_built_meanwhile(stage, step))
        and step.name is StepName.BUILD
    ):
        return Text(build_state(stage.build), style="cyan")
    return Text(step.detail or "", style="dim")


def _is_built_meanwhile(stage: StageRecord, step: StepRecord) -> bool:
    """Say whether the stage did not wait for its build, and the build goes on."""
    return stage.state is State.TRIGGERED and step.name is StepName.BUILD


def _show_lines(console: Console, shown: Shown, record: PipelineRecord) -> None:
    elapsed = clock((record.ended_at or datetime.now(UTC)) - record.started_at)
    for line in changes(shown.record, record):
        console.print(f"{elapsed:>7}  {line}", markup=False, highlight=False, soft_wrap=True)
    shown.record = record
