import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands import app
from tests.cli.double import KEY, HttpApi, served


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


type Cli = Callable[..., Ended]


@pytest.fixture
def api() -> Iterator[HttpApi]:
    with served(HttpApi()) as double:
        yield double


@pytest.fixture
def stack_json(api: HttpApi, tmp_path: Path) -> Path:
    path = tmp_path / "stack.json"
    path.write_text(json.dumps({"functions": {"url": api.url, "functionKey": KEY}}))
    return path


@pytest.fixture
def environment() -> dict[str, str]:
    """Without the settings that a developer may have, and without a terminal's width."""
    left_out = ("IMAGE_BAKERY_", "COLUMNS", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


@pytest.fixture
def cli(api: HttpApi, environment: dict[str, str]) -> Cli:
    """Run a command against the double, or against what `--stack` says where there is no address."""

    def run(*arguments: str | Path, url: str | None = None, key: str | None = KEY, token: str | None = None) -> Ended:
        hidden = dict.fromkeys(os.environ.keys() - environment.keys())
        address = {
            "IMAGE_BAKERY_URL": api.url if url is None else url,
            "IMAGE_BAKERY_KEY": key,
            "IMAGE_BAKERY_TOKEN": token,
        }
        result = CliRunner().invoke(
            app, [str(one) for one in arguments], prog_name="python -m cli", env=hidden | address
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run
