"""One whole local stack per test process: every part is a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import StackOptions, local_stack
from tests.whole_app.driving import Bakery


@pytest.fixture(scope="session")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bakery]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with (
        local_stack(folder, StackOptions(build_seconds=2)) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        yield driver
