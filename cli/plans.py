"""Prints what a run would do."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.findings import print_remarks, print_sentence
from models.run_plan import PlannedStage, RunPlan


def print_plan(console: Console, plan: RunPlan) -> None:
    """Print a plan: of each environment its steps with what they do, and its remarks; its faults are another's."""
    if plan.image is not None:
        console.print(Text.assemble((f"image {plan.image}", "bold"), f", scope {plan.scope}"))
    for stage in plan.environments:
        console.print()
        console.print(_steps(stage))
        if stage.remarks:
            console.print()
        print_remarks(console, stage.remarks)
    console.print()
    if plan.running is not None:
        print_sentence(console, f"The run {plan.running.id} of this image is on: none can start until it is over.")


def _steps(stage: PlannedStage) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(stage.environment, no_wrap=True)
    table.add_column("what it would do" if stage.steps else "its files have faults: nothing can be told yet")
    for step in stage.steps:
        for number, sentence in enumerate(step.does):
            table.add_row(Text(step.name if number == 0 else "", style="cyan"), Text(sentence))
    return table
