from pathlib import Path

import pytest

from tests.customization.build_vm import BuildVm


@pytest.fixture
def build_vm(tmp_path: Path) -> BuildVm:
    return BuildVm(tmp_path / "vm")
