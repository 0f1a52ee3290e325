"""Finds the app that a command is meant for."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.bakery_api import TOKEN, BakeryApi, Unavailable

DEFAULT_STACK = Path(".local/stack.json")

Url = Annotated[str | None, typer.Option(envvar="IMAGE_BAKERY_URL", help="Address of the function app, without /api.")]
Key = Annotated[
    str | None, typer.Option(envvar="IMAGE_BAKERY_KEY", help="Function key.", show_envvar=True, show_default=False)
]
Stack = Annotated[Path, typer.Option(help="stack.json of a local stack, used where no address is given.")]


def find_app(url: str | None, key: str | None, stack: Path) -> BakeryApi:
    """Return the app at `url`, or the one that runs on the local stack; raises Unavailable where there is neither."""
    if url:
        return BakeryApi(url, key or "", os.environ.get(TOKEN))
    try:
        functions = json.loads(stack.read_text())["functions"]
        return BakeryApi(functions["url"], key or functions["functionKey"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        sentence = f"There is no local stack at {stack} (start one with 'make up'), and no --url was given."
        raise Unavailable(sentence) from error
