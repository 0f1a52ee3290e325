"""Prints the uploaded scripts: those in force, and those of no use."""

from rich.console import Console
from rich.table import Table

from cli.findings import print_sentence
from models.scripts import UploadsList
from policies.upkeep.uploads import quoted


def print_uploads(console: Console, uploads: UploadsList) -> None:
    """Print the uploads that count with the images that use them, then what is wrong with the others."""
    if uploads.uploads:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("upload", "uploaded (UTC)", "used by", "SHA-256"):
            table.add_column(column, no_wrap=column != "SHA-256", overflow="fold")
        for one in uploads.uploads:
            table.add_row(
                one.path, f"{one.uploaded_at:%Y-%m-%d %H:%M:%S}", ", ".join(one.images) or "no image", one.sha256
            )
        console.print(table)
    else:
        print_sentence(console, "Nothing is uploaded that counts: images are built with the scripts of the app.")
    for refused in uploads.refused:
        when = f"{refused.uploaded_at:%Y-%m-%d %H:%M:%S}"
        print_sentence(
            console, f"Of no use: {quoted(refused.path)} of {when} UTC. {refused.problem} -> {refused.instead}"
        )
