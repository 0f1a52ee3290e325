from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.customization.build_vm import BuildVm
from tests.customization.keys import Key, a_key
from tests.customization.mirror import Mirror, serving


@pytest.fixture(scope="session")
def vendor_key() -> Iterator[Key]:
    with a_key("Vendor") as key:
        yield key


@pytest.fixture(scope="session")
def another_key() -> Iterator[Key]:
    with a_key("Somebody else") as key:
        yield key


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    with serving(tmp_path_factory.mktemp("mirror")) as served:
        yield served


@pytest.fixture
def build_vm(tmp_path: Path, mirror: Mirror, vendor_key: Key) -> BuildVm:
    mirror.reset()
    return BuildVm(tmp_path / "vm", mirror, vendor_key.fingerprint, vendor_key.public)
