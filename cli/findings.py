"""Prints what is wrong or worth knowing: one line for each finding, where it stands, and what to write instead."""

from collections.abc import Iterable

from rich.console import Console

from models.faults import Fault, Remark


def print_refusal(console: Console, sentence: str, faults: Iterable[Fault]) -> None:
    """Print why nothing was started: one line for each thing to mend."""
    print_sentence(console, sentence)
    for fault in faults:
        value = "" if fault.value is None else f" ({fault.value})"
        print_sentence(console, f"{_place(fault)}{value}: {fault.problem} -> {fault.instead}")


def print_remarks(console: Console, remarks: Iterable[Remark]) -> None:
    """Print what is worth knowing."""
    for remark in remarks:
        sentence = f"Remark: {_place(remark)}: {remark.problem} -> {remark.instead}"
        print_sentence(console, sentence)


def print_sentence(console: Console, sentence: str) -> None:
    """Print a line that the terminal alone may fold, as it is."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _place(finding: Fault | Remark) -> str:
    place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part is not None)
    return f"{place} {finding.path}" if finding.path else place
