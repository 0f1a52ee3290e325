"""Prints how the images stand."""

from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.findings import print_sentence
from models.image_overview import ImageInEnvironment, ImageOverview


def print_images(console: Console, images: list[ImageOverview]) -> None:
    """Print for each image what there is in each environment, why it is to be built anew, and when it is patched."""
    for image in images:
        on = f", the run {image.run_on} is on" if image.run_on else ""
        console.print(Text.assemble((image.name, "bold"), f" ({image.os_type}){on}"))
        console.print(_environments(image))
        if image.faults:
            print_sentence(console, f"Its files have faults ({image.faults}): `plan` names them.")
        print_sentence(console, image.patch.because if image.patch else "Its schedule is off: no timer patches it.")
        console.print()


def _environments(image: ImageOverview) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("environment", "version", "source", "age", "started by"):
        table.add_column(column, no_wrap=True)
    table.add_column("to be built anew")
    for one in image.environments:
        table.add_row(one.environment, *_latest(one), Text("\n".join(one.rebuild_because) or "no"))
    return table


def _latest(one: ImageInEnvironment) -> tuple[str, ...]:
    built = one.latest
    if built is None:
        return ("none", "", "", "")
    version = (built.image_version_id or "none").rpartition("/versions/")[2]
    source = (built.exact_source_version or "unknown").rpartition("/")[2]
    return (version, source, _age(built.age_seconds), built.started_by.kind)


def _age(seconds: float) -> str:
    """Return an age in its largest two units."""
    age = timedelta(seconds=seconds)
    hours, minutes = divmod(age.seconds // 60, 60)
    return f"{age.days} d {hours} h" if age.days else f"{hours} h {minutes} min"
