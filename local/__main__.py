"""`python -m local`: starts, joins and stops the local stack."""

import os
from pathlib import Path
from typing import Annotated

import typer

from local.processes import PROJECT, Processes
from local.stack import APP_FOLDER, StackError, StackOptions, start_stack, stop_stack
from local.stack_file import NAME, HostSettings, Stack

FOLDER = Path(".local")
Folder = Annotated[Path, typer.Option(help="Folder of the stack: its files, keys and logs.")]

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def up(  # noqa: PLR0913  # one argument an option of the command
    *,
    folder: Folder = FOLDER,
    build_seconds: Annotated[float, typer.Option(help="Length of a simulated image build.")] = 20.0,
    parameters: Annotated[Path, typer.Option(help="Folder of pipeline.json.")] = APP_FOLDER / "parameters",
    app_folder: Annotated[Path, typer.Option(help="Folder of function_app.py.")] = APP_FOLDER,
    port: Annotated[int, typer.Option(help="Port of the functions host; 0: any.")] = 0,
    arm_endpoint: Annotated[str | None, typer.Option(help="Another Azure Resource Manager than the simulated.")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="PEM file of the authority behind given endpoints.")] = None,
    identity_endpoint: Annotated[str | None, typer.Option(help="Another managed-identity endpoint.")] = None,
    identity_header: Annotated[str | None, typer.Option(help="The secret that it asks for.")] = None,
    blob_endpoint: Annotated[str | None, typer.Option(help="Blob endpoint of the app's own account.")] = None,
) -> None:
    """Start a stack and leave it running; its addresses and keys are in stack.json."""
    options = StackOptions(
        build_seconds=build_seconds,
        parameters=parameters,
        app_folder=app_folder,
        port=port,
        arm_endpoint=arm_endpoint,
        ca_file=ca_file,
        identity_endpoint=identity_endpoint,
        identity_header=identity_header,
        blob_endpoint=blob_endpoint,
    )
    typer.echo("Starting the local stack ...", err=True)
    try:
        stack = start_stack(folder, options)
    except StackError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error
    typer.echo(f"Image Bakery runs at {stack.functions.url}; addresses and keys are in {folder / NAME}.")
    typer.echo("`make down` stops it.")


@app.command()
def down(*, folder: Folder = FOLDER) -> None:
    """Stop the stack: the processes that belong to it, and no others."""
    typer.echo("Stopped." if stop_stack(folder) else "Nothing was running.")


@app.command()
def host(
    *,
    join: Annotated[Path, typer.Option(help="stack.json of the running stack.")] = FOLDER / NAME,
    app_folder: Annotated[Path | None, typer.Option(help="Another folder of function_app.py.")] = None,
) -> None:
    """Run one more functions host on the same durable backend, in the foreground.

    Where the stack's own host is gone, this one takes its place: same address, same keys.
    """
    if not join.exists():
        typer.echo(f"There is no {join}: start a stack first (`make up`).", err=True)
        raise typer.Exit(1)
    stack, folder = Stack.read(join), join.parent.resolve()
    settings, processes = HostSettings.read(folder), Processes(folder)
    if app_folder is not None:
        settings = settings.model_copy(update={"app_folder": app_folder.resolve()})
    takes_place = stack.functions.pid not in {process.pid for process in processes.running()}
    port = int(stack.functions.url.rpartition(":")[2]) if takes_place else 0
    processes.remember("functions-host", os.getpid())
    if takes_place:
        functions = stack.functions.model_copy(update={"pid": os.getpid()})
        stack.model_copy(update={"functions": functions}).write(folder)
    command = settings.command(port)
    os.chdir(PROJECT)
    os.execve(command[0], command, {**os.environ, **settings.environment})  # noqa: S606  # this process becomes the host


if __name__ == "__main__":
    app()
