"""Prints what earlier crashes left."""

from rich.console import Console
from rich.text import Text

from cli.findings import print_sentence
from models.leftovers import LeftoversReport, Remedy

COLOURS = {Remedy.REPORTED: "yellow"}


def print_leftovers(console: Console, report: LeftoversReport) -> None:
    """Print what the last sweep found, what was done about each thing and why, and what it could not find out."""
    if report.swept_at is None:
        print_sentence(console, "There was no sweep yet: the hourly timer starts it.")
        return
    if not report.leftovers:
        print_sentence(console, f"Nothing was left, as of {report.swept_at:%Y-%m-%d %H:%M} UTC.")
    for one in report.leftovers:
        remedy = Text(one.remedy, style=COLOURS.get(one.remedy, "green"))
        console.print(Text.assemble(remedy, f" {one.kind} ", (one.name, "bold")), soft_wrap=True)
        print_sentence(console, one.because)
        if one.failure:
            print_sentence(console, f"It could not be done: {one.failure.code}: {one.failure.message}")
    for sentence in report.unanswered:
        print_sentence(console, f"Not known: {sentence}")
