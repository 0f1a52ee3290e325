"""The commands: `python -m cli --help` lists them."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.address import DEFAULT_STACK, Key, Stack, Url, find_app
from cli.bakery_api import BakeryApi, Refused, Unavailable
from cli.findings import print_refusal
from cli.following import follow, is_over
from cli.images import print_images
from cli.leftovers import print_leftovers
from cli.plans import print_plan
from cli.progress import progress
from cli.reports import print_failure, print_run, print_runs
from cli.uploads import print_uploads
from models.pipeline_record import PipelineRecord
from models.pipeline_run import Scope
from models.state import State

FAILED = 1
REFUSED = 2
STOPPED = 130
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
# Without a terminal nothing is folded or cut: logs are searched and copied from.
WIDTH_OF_LOGS = 400

app = typer.Typer(
    help="Bakes VM images with the Image Bakery function app.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SCOPES = f"How much of the job to do: {', '.join(Scope)}."

Poll = Annotated[float, typer.Option(min=0.01, help="Seconds between two looks at the run.")]
Follow = Annotated[bool, typer.Option("--follow", help="Stay until the run has ended.")]
AnImage = Annotated[str | None, typer.Option(help="Image to bake; may be left out where there is one.")]
First = Annotated[str | None, typer.Option(help="First environment.")]
Last = Annotated[str | None, typer.Option(help="Last environment.")]
AScope = Annotated[Scope | None, typer.Option(metavar="<scope>", help=f"{SCOPES} The first run needs all.")]
Remove = Annotated[bool, typer.Option("--remove/--keep", help="Remove the image's earlier templates first.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Let an environment wait for the end of its build.")]
RunId = Annotated[str, typer.Argument(help="Id of the run.")]
WaitsFor = Annotated[str, typer.Argument(help="Environment that the run waits for.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the record.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]
Who = Annotated[str | None, typer.Option(help="Who you are, where nobody has signed in.")]


@app.command()
def bake(
    *,
    image: Annotated[str, typer.Option(help="Image to bake.")] = "linux",
    environment: Annotated[str, typer.Option(help="Environment to bake it in.")] = "sbx",
    scope: Annotated[Scope, typer.Option(metavar="<scope>", help=SCOPES)] = Scope.ALL,
    build_seconds: Annotated[float, typer.Option(min=0, help="How long the simulated build takes.")] = 20,
    folder: Annotated[Path, typer.Option(help="Folder of the local stack.")] = Path(".local"),
    poll_seconds: Poll = 0.5,
) -> None:
    """Start the local stack, bake an image in it, and stop it again.

    The last line on standard output is the resource id of the new image version.
    """
    from local.stack import StackError, StackOptions, local_stack  # noqa: PLC0415  # the other commands do without it and start sooner

    _stop_once()
    with _told_in_sentences():
        _errors().print("Starting the local stack ...", highlight=False)
        options = {"image": image, "startEnvironment": environment, "stopEnvironment": environment, "scope": scope}
        try:
            with local_stack(folder, StackOptions(build_seconds=build_seconds)) as stack:
                try:
                    with BakeryApi(stack.functions.url, stack.functions.function_key) as api:
                        record = _follow(api, api.start_run(options), poll_seconds)
                finally:
                    _ignore_interrupts()
                    _errors().print("Stopping the local stack ...", highlight=False)
        except StackError as error:
            print_refusal(_errors(), str(error), [])
            raise typer.Exit(FAILED) from None
        if not _report(record):
            raise typer.Exit(FAILED)


@app.command()
def plan(  # noqa: PLR0913  # each is an option of the command
    *,
    image: AnImage = None,
    start_environment: First = None,
    stop_environment: Last = None,
    scope: AScope = None,
    remove: Remove = True,
    wait: Wait = True,
    url: Url = None,
    key: Key = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Tell what a run would do, and every fault that stands in its way; nothing is changed."""
    options = _options(image, start_environment, stop_environment, scope, remove=remove, wait=wait)
    with _told_in_sentences(), find_app(url, key, stack) as api:
        planned = api.plan_run(options)
        print_plan(_output(), planned)
        if planned.faults:
            raise Refused(f"Such a run is not started. Faults to mend: {len(planned.faults)}.", list(planned.faults))


@app.command()
def start(  # noqa: PLR0913  # each is an option of the command
    *,
    image: AnImage = None,
    start_environment: First = None,
    stop_environment: Last = None,
    scope: AScope = None,
    remove: Remove = True,
    wait: Wait = True,
    who: Who = None,
    stay: Follow = False,
    poll_seconds: Poll = 2,
    url: Url = None,
    key: Key = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Start a run; its id is the last line on standard output, or that of the image version with --follow."""
    options = _options(image, start_environment, stop_environment, scope, remove=remove, wait=wait)
    if who is not None:
        options["who"] = who
    with _told_in_sentences(), find_app(url, key, stack) as api:
        run_id = api.start_run(options)
        if not stay:
            print(run_id)
            return
        _end(_follow(api, run_id, poll_seconds))


@app.command()
def show(
    run_id: RunId,
    *,
    stay: Follow = False,
    poll_seconds: Poll = 2,
    url: Url = None,
    key: Key = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Show a run: how far it is, or what came of it."""
    with _told_in_sentences(), find_app(url, key, stack) as api:
        if stay:
            _end(_follow(api, run_id, poll_seconds))
            return
        record = api.get_run(run_id)
        if is_over(record):
            _end(record)
        else:
            print_run(_output(), record)


@app.command()
def approve(  # noqa: PLR0913  # each is an option of the command
    run_id: RunId,
    environment: WaitsFor,
    *,
    reject: Annotated[bool, typer.Option("--reject", help="Reject it: the run ends there.")] = False,
    reason: Reason = None,
    who: Who = None,
    url: Url = None,
    key: Key = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Approve, or reject, the environment that a run waits for."""
    decision = {"decision": "rejected" if reject else "approved", "reason": reason, "who": who}
    with _told_in_sentences(), find_app(url, key, stack) as api:
        state = api.decide(run_id, environment, {name: value for name, value in decision.items() if value})
        print(f"{environment}: {state}")


@app.command()
def cancel(
    run_id: RunId,
    *,
    reason: Reason = None,
    who: Who = None,
    url: Url = None,
    key: Key = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Cancel a run in good order, and builds that it did not wait for; `show --follow` tells when it is over."""
    wish = {"reason": reason, "who": who}
    with _told_in_sentences(), find_app(url, key, stack) as api:
        api.cancel_run(run_id, {name: value for name, value in wish.items() if value})
        print(f"{run_id}: canceling")


@app.command("list")
def list_runs(
    *,
    limit: Limit = 20,
    url: Url = None,
    key: Key = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """List the newest runs, newest first."""
    with _told_in_sentences(), find_app(url, key, stack) as api:
        print_runs(_output(), api.list_runs(limit))


@app.command()
def images(*, url: Url = None, key: Key = None, stack: Stack = DEFAULT_STACK) -> None:
    """Show the latest image in each environment, where it comes from, and why it is to be built anew."""
    with _told_in_sentences(), find_app(url, key, stack) as api:
        print_images(_output(), api.list_images())


@app.command()
def uploads(*, limit: Limit = 20, url: Url = None, key: Key = None, stack: Stack = DEFAULT_STACK) -> None:
    """List the uploaded scripts that are in force, and say why others are of no use; newest first."""
    with _told_in_sentences(), find_app(url, key, stack) as api:
        print_uploads(_output(), api.list_uploads(limit))


@app.command()
def leftovers(*, url: Url = None, key: Key = None, stack: Stack = DEFAULT_STACK) -> None:
    """Show what earlier crashes left, and what the last sweep did about it."""
    with _told_in_sentences(), find_app(url, key, stack) as api:
        print_leftovers(_output(), api.list_leftovers())


def _options(
    image: str | None, first: str | None, last: str | None, scope: Scope | None, *, remove: bool, wait: bool
) -> dict[str, str | bool]:
    """Return the body that asks for a run: what is not said has the app's own defaults."""
    said = {"image": image, "startEnvironment": first, "stopEnvironment": last, "scope": scope}
    switched_off = {"removeImageTemplates": remove, "waitForImageBuild": wait}
    return {
        **{name: value for name, value in said.items() if value is not None},
        **{name: value for name, value in switched_off.items() if not value},
    }


def _follow(api: BakeryApi, run_id: str, poll_seconds: float) -> PipelineRecord:
    with progress(_errors()) as show_record:
        return follow(api, run_id, show_record, poll_seconds)


def _end(record: PipelineRecord) -> None:
    """Report a run that has ended, and leave with the exit code that it deserves."""
    _report(record)
    if record.state is not State.SUCCEEDED:
        raise typer.Exit(FAILED)


def _report(record: PipelineRecord) -> bool:
    """Print what came of a run, the last image version alone on the last line; say whether there is one."""
    print_run(_output(), record)
    if record.state is not State.SUCCEEDED:
        print_failure(_errors(), record)
        return False
    versions = [stage.result.image_version_id for stage in record.stages if stage.result]
    if not versions or versions[-1] is None:
        _errors().print("No image version was published.")
        return False
    print(versions[-1])
    return True


@contextmanager
def _told_in_sentences() -> Generator[None]:
    """Turn what may go wrong into sentences and exit codes."""
    try:
        yield
    except Refused as refused:
        print_refusal(_errors(), str(refused), refused.faults)
        raise typer.Exit(REFUSED) from None
    except Unavailable as unavailable:
        print_refusal(_errors(), str(unavailable), [])
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        _errors().print("Stopped.")
        raise typer.Exit(STOPPED) from None


def _stop_once() -> None:
    """Let Ctrl-C and SIGTERM end the command; once it stops what it started, nothing interrupts it any more."""
    for number in INTERRUPTS:
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> None:
    _ignore_interrupts()
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


def _output() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_OF_LOGS)


def _errors() -> Console:
    return Console(stderr=True)
