"""Prints what came of a run, and the list of runs."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.changes import approval_state, by_whom, clock
from cli.findings import print_remarks, print_sentence
from models.approval import ApprovalState
from models.artifacts import RemovedArtifact
from models.pipeline_record import BuiltScript, PipelineRecord, PipelineRunSummary, Publication, StageRecord
from models.pipeline_run import StepName
from models.state import State

COLOURS = {
    State.SUCCEEDED: "green",
    State.RUNNING: "cyan",
    State.TRIGGERED: "cyan",
    State.SKIPPED: "dim",
    State.PARTIALLY_SUCCEEDED: "yellow",
}


def print_run(console: Console, record: PipelineRecord) -> None:
    """Print a run: of each stage its steps, build, result and remarks."""
    title = Text.assemble((record.id, "bold"), "  ", _state(record.state))
    if record.ended_at:
        title.append(f"  {clock(record.ended_at - record.started_at)}", style="dim")
    console.print(title)
    if record.started_by.reason:
        print_sentence(console, f"Started by {record.started_by.kind}: {record.started_by.reason}")
    for stage in record.stages:
        console.print()
        console.print(_steps(stage))
        if stage.result:
            _print_result(console, stage.result)
        if stage.remarks:
            console.print()
        print_remarks(console, stage.remarks)
    if record.approvals:
        console.print()
    for approval in record.approvals:
        waits = approval.state is ApprovalState.WAITING
        how = f"; `approve {record.id} {approval.environment}` decides" if waits else ""
        print_sentence(console, f"Approval of {approval.environment}: {approval_state(approval)}{how}")
    if record.canceled_by:
        print_sentence(console, f"Canceled {by_whom(record.canceled_by.who, record.canceled_by.reason)}")
    console.print()


def print_failure(console: Console, record: PipelineRecord) -> None:
    """Print why a run did not succeed: where, code and message, and what to do."""
    stage = next((one for one in record.stages if one.failure), None)
    failure = (stage.failure if stage else None) or record.failure
    where = f" in {stage.environment} at the step {stage.failure.step}" if stage and stage.failure else ""
    print_sentence(console, f"The run {record.id} ended as {record.state}{where}.")
    if failure:
        print_sentence(console, f"{failure.code}: {failure.message}")
        if failure.what_to_do:
            print_sentence(console, f"What to do: {failure.what_to_do}")


def print_runs(console: Console, runs: list[PipelineRunSummary]) -> None:
    """Print the list of runs as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "image", "scope", "started by", "state", "started (UTC)"):
        table.add_column(column, no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    for run in runs:
        took = clock(run.ended_at - run.started_at) if run.ended_at else ""
        started = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(run.id, run.image, run.scope, run.started_by.kind, _state(run.state), started, took)
    console.print(table)


def _steps(stage: StageRecord) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(stage.environment, no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("detail")
    for step in stage.steps:
        seconds = "" if step.duration_seconds is None else f"{step.duration_seconds:.1f}"
        table.add_row(str(step.name), _state(step.state), seconds, Text(step.detail or "", style="dim"))
        if step.name is StepName.BUILD and stage.build:
            for sub_state in stage.build.sub_states:
                end = sub_state.ended_at or stage.build.ended_at
                seconds = f"{(end - sub_state.started_at).total_seconds():.1f}" if end else ""
                table.add_row(Text(f"  {sub_state.name}", style="dim"), "", Text(seconds, style="dim"))
    return table


def _print_result(console: Console, result: Publication) -> None:
    console.print()
    _print_facts(console, result)
    if result.scripts:
        console.print()
        console.print(_scripts(result))
    if result.half_made:
        console.print()
    for one in result.half_made:
        print_sentence(console, f"The build left {one.artifact} half made: {_became_of(one)}")


def _print_facts(console: Console, result: Publication) -> None:
    """Print one line for each fact, which the terminal alone may fold: ids and addresses can be copied whole."""
    facts = {
        "image version": result.image_version_id,
        "replication": result.replication_state,
        "image template": result.template_name,
        "source version": result.exact_source_version,
        "log": result.log_url,
        **{
            f"output {output.name}": output.artifact
            for output in result.outputs
            if output.artifact != result.image_version_id
        },
    }
    told = {name: value for name, value in facts.items() if value is not None}
    width = max(map(len, told))
    for name, value in told.items():
        console.print(Text.assemble((f"{name:<{width}}", "bold"), f"  {value}"), soft_wrap=True)


def _became_of(half_made: RemovedArtifact) -> str:
    failure = half_made.failure
    return f"it could not be removed, {failure.code}: {failure.message}" if failure else "it is being removed."


def _scripts(result: Publication) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("script", no_wrap=True)
    table.add_column("origin", no_wrap=True)
    table.add_column("SHA-256", style="dim")
    for script in result.scripts:
        # Cut where the terminal is narrow, as its column is the only one that may shrink: the record has all of it.
        table.add_row(script.path, _origin(script), Text(script.sha256, no_wrap=True, overflow="ellipsis"))
    return table


def _origin(script: BuiltScript) -> str:
    return f"{script.origin} {script.uploaded_at:%Y-%m-%d %H:%M} UTC" if script.uploaded_at else script.origin


def _state(state: State) -> Text:
    return Text(str(state), style=COLOURS.get(state, "red"))
