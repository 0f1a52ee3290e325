"""`make package`: the zip that Azure gets, and the app run from it alone."""

import json
import platform
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import psutil
import pytest

from local.packaging import DEPENDENCIES, ignored_names
from local.stack import APP_FOLDER, StackOptions, local_stack
from tests.whole_app.driving import Bakery

LARGEST = 60_000_000
PROJECT = tomllib.loads((APP_FOLDER / "pyproject.toml").read_text())
ROOMS = set(PROJECT["tool"]["importlinter"]["root_packages"]) - {"cli", "local"}
DATA = {"customization", "parameters", "function_app.py", "host.json", "requirements.txt"}
HERE_AS_IN_AZURE = (sys.platform, platform.machine(), sys.version_info[:2]) == ("linux", "x86_64", (3, 13))
runs_here = pytest.mark.skipif(
    not HERE_AS_IN_AZURE, reason="The package holds libraries of Linux, x86-64, Python 3.13."
)
LIST_FUNCTIONS = """
import json, sys
sys.path[:0] = sys.argv[1:]
import function_app
print(json.dumps(sorted(function.get_function_name() for function in function_app.app.get_functions())))
"""


def make(package: Path) -> Path:
    """Make the package with the Python that this environment was made of: it has none of our packages."""
    python = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([python, "-m", "local.packaging", "--output", package], cwd=APP_FOLDER, check=True)
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make(tmp_path_factory.mktemp("package") / "image-bakery.zip")


@pytest.fixture(scope="module")
def names(package):
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def test_the_package_is_small_enough(package):
    assert package.stat().st_size < LARGEST


def test_the_package_holds_the_app_and_its_dependencies_and_nothing_else(names):
    assert {name.partition("/")[0] for name in names} == ROOMS | DATA | {".python_packages"}
    assert f"{DEPENDENCIES}/azure/functions/__init__.py" in names


def test_the_package_has_no_keys_and_no_traces_of_a_run(names):
    own = [name for name in names if not name.startswith(".python_packages/")]
    assert not [name for name in own if name.rpartition("/")[2].startswith((".", "local.settings"))]
    assert not [name for name in names if "__pycache__" in name]


def test_the_same_files_make_the_same_package(package, tmp_path):
    assert make(tmp_path / "again.zip").read_bytes() == package.read_bytes()


def test_native_libraries_are_those_of_azure_s_machines(unpacked):
    libraries = list((unpacked / DEPENDENCIES).rglob("*.so"))
    assert libraries
    assert all("x86_64-linux-gnu" in file.name or ".abi3." in file.name for file in libraries)
    for file in libraries:
        # ELF, 64 bits, little endian, x86-64.
        header = file.read_bytes()[:20]
        assert header[:6] == b"\x7fELF\x02\x01", file
        assert int.from_bytes(header[18:20], "little") == 62, file


def test_every_pattern_of_the_ignore_file_is_of_a_name():
    for pattern in ignored_names(APP_FOLDER):
        assert "/" not in pattern
        assert not pattern.startswith("!")


@runs_here
def test_the_package_needs_nothing_that_is_not_in_it(unpacked):
    """A Python that has its own library and the package's two folders finds every function of the map."""
    command = [sys.executable, "-I", "-S", "-c", LIST_FUNCTIONS, str(unpacked), str(unpacked / DEPENDENCIES)]
    listing = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    map_of_functions = (APP_FOLDER / "function_app.py").read_text()
    registered = re.findall(r"^register_\w+\(app, (?:.*, )?(\w+)\)$", map_of_functions, re.MULTILINE)
    found = [name for name in json.loads(listing.stdout) if not name.startswith("BuiltIn__")]
    assert found == sorted(registered)


@runs_here
# Its libraries are compiled at the first import, which takes a minute where others work beside it.
@pytest.mark.timeout(300)
def test_the_local_host_bakes_an_image_from_the_package_alone(unpacked, tmp_path):
    libraries = unpacked / DEPENDENCIES
    options = StackOptions(
        build_seconds=1,
        app_folder=unpacked,
        parameters=unpacked / "parameters",
        settings={"PATCH_TIMER": "0 0 * * * *", "PYTHONPATH": str(libraries)},
    )
    with (
        local_stack(tmp_path, options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as bakery,
    ):
        run = bakery.ended(bakery.start(image="linux", scope="all"), within_seconds=200)
        loaded = {Path(file.path) for file in psutil.Process(stack.functions.pid).memory_maps()}
    assert run["state"] == "Succeeded", run
    packaged = {file.name: file for file in libraries.rglob("*.so")}
    used = [path for path in loaded if path.name in packaged]
    assert used
    assert all(path.is_relative_to(libraries) for path in used)
