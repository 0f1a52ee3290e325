"""The operator's guide keeps its word: what it tells to type is typed here, in its order, in a fresh clone."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.stack import APP_FOLDER

GUIDE = APP_FOLDER / "docs" / "guide"
NEEDS_AZURE = "# needs Azure\n"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([\w.-]+\.md)\)")
# What `make setup` makes: the clone gets this checkout's, so that nothing is installed anew.
MADE_BY_SETUP = (".venv", "local/azurite/node_modules")


@dataclass(frozen=True)
class Command:
    """One command as it stands on a page."""

    page: str
    line: int
    text: str


def pages() -> list[Path]:
    """The first page, and the others in the order in which it names them."""
    first = GUIDE / "README.md"
    return [first, *(GUIDE / name for name in dict.fromkeys(LINK.findall(first.read_text())))]


def commands() -> Iterator[Command]:
    """Every command that does not need Azure, in the order of reading."""
    for page in pages():
        text = page.read_text()
        for block in BLOCK.finditer(text):
            if not block[1].startswith(NEEDS_AZURE):
                line = text.count("\n", 0, block.start(1)) + 1
                yield from (Command(page.name, line, command) for command in block[1].replace("\\\n", "").splitlines())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of this checkout as it stands, changes and all."""
    folder = tmp_path / "repository"
    listed = git(APP_FOLDER, "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout
    for name in filter(None, listed.split("\0")):
        if (APP_FOLDER / name).is_file():
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((APP_FOLDER / name).read_bytes())
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "-m", "As it stands")
    return folder


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)


def take_over_the_setup(clone: Path) -> None:
    for name in MADE_BY_SETUP:
        (clone / name).mkdir()
        for part in (APP_FOLDER / name).iterdir():
            (clone / name / part.name).symlink_to(part)
        stamp = clone / name / ".installed"
        stamp.unlink(missing_ok=True)
        stamp.touch()


@pytest.mark.timeout(300)
def test_every_command_that_needs_no_azure_does_what_it_says(tmp_path: Path, repository: Path) -> None:
    clone = tmp_path / "image-bakery"
    hidden = ("IMAGE_BAKERY_", "MAKE", "COV_", "PYTEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment["REPOSITORY"] = str(repository)
    try:
        for command in commands():
            ended = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command.text],
                cwd=tmp_path if clone.name in command.text else clone,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
            if clone.exists() and not (clone / ".venv").exists():
                take_over_the_setup(clone)
    finally:
        subprocess.run(["make", "down"], cwd=clone, env=environment, check=False, capture_output=True)
    assert not (clone / ".local" / "stack.json").exists()


def test_the_first_page_leads_to_every_page() -> None:
    assert {page.name for page in pages()} == {page.name for page in GUIDE.glob("*.md")}


def test_blocks_of_other_shells_hide_no_commands() -> None:
    for page in pages():
        languages = re.findall(r"^```(\w+)$", page.read_text(), re.MULTILINE)
        assert set(languages) <= {"sh", "json", "kusto"}, page.name
