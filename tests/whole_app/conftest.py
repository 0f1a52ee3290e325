"""One whole local stack per test process: every part is a process of its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.stack import APP_FOLDER, StackOptions, local_stack
from tests.whole_app.driving import Bakery

type Change = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's own copy of the sample parameter files, with the image linux alone: no request needs to name it.

    A test that changes one puts it right again.
    """
    folder = Path(shutil.copytree(APP_FOLDER / "parameters", tmp_path_factory.mktemp("configuration") / "parameters"))
    pipeline = folder / "pipeline.json"
    lines = pipeline.read_text().splitlines(keepends=True)
    pipeline.write_text("".join(line for line in lines if '"osType": "Windows"' not in line))
    return folder


@pytest.fixture(scope="session")
def bakery(tmp_path_factory: pytest.TempPathFactory, parameters: Path) -> Iterator[Bakery]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with (
        local_stack(folder, StackOptions(build_seconds=2, parameters=parameters)) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        yield driver


@pytest.fixture
def change(parameters: Path, bakery: Bakery) -> Iterator[Change]:
    """Replace text in a parameter file; it is put right at the end."""
    originals = {file: file.read_text() for file in parameters.glob("*.json")}

    def replace(file: str, old: str, new: str) -> None:
        text = (parameters / file).read_text()
        assert old in text
        (parameters / file).write_text(text.replace(old, new))

    bakery.reset()
    yield replace
    for file, text in originals.items():
        file.write_text(text)
