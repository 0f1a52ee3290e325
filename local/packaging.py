"""`python -m local.packaging`: makes the zip that a Flex Consumption plan gets. Needs nothing but Python itself.

The code lies at its root, as `.funcignore` leaves it; the dependencies, for Linux on x86-64, lie where the Functions
worker looks for them. The same files make the same zip: names are sorted, times and rights are fixed.
"""

import argparse
import hashlib
import shutil
import subprocess
import tempfile
import venv
import zipfile
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PYTHON_VERSION = "3.13"
DEPENDENCIES = ".python_packages/lib/site-packages"
# Scripts and the lists of what pip installed name folders of this machine, and nothing reads them in Azure.
LEFT_OUT = ("bin", "__pycache__", "RECORD")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any")
ABIS = (f"cp{PYTHON_VERSION.replace('.', '')}", "abi3", "none")
# The earliest that a zip can say.
TIME = (1980, 1, 1, 0, 0, 0)


def ignored_names(project: Path) -> list[str]:
    """Return the patterns of `.funcignore`: each is of a name, and holds in every folder."""
    lines = (project / ".funcignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def code_files(project: Path) -> Iterator[Path]:
    """Return the files that are deployed of a project, without its dependencies."""
    yield from _files(project, ignored_names(project))


def install_dependencies(project: Path, folder: Path) -> None:
    """Install what `requirements.txt` names into a folder, for Azure's machines, whatever this one is.

    pip comes from an environment that is made for it: the Python at hand may have none. Raises CalledProcessError
    where a hash is not that of `requirements.txt`, or a package has no wheel for Azure's machines.
    """
    with tempfile.TemporaryDirectory() as environment:
        venv.create(environment, with_pip=True)
        python = next(file for file in Path(environment).glob("*/python*") if file.stem == "python")
        options = [
            *("--target", folder, "--requirement", project / "requirements.txt"),
            *("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile"),
            *("--python-version", PYTHON_VERSION, "--implementation", "cp"),
            *(option for abi in ABIS for option in ("--abi", abi)),
            *(option for platform in PLATFORMS for option in ("--platform", platform)),
        ]
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "pip", "install", *quiet, *options], check=True)


def dependencies(project: Path, cache: Path) -> Path:
    """Return the folder with the dependencies; they are installed anew where `requirements.txt` has changed."""
    digest = hashlib.sha256((project / "requirements.txt").read_bytes()).hexdigest()
    folder = cache / f"{digest[:16]}-cp{PYTHON_VERSION}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as unfinished:
            made = Path(unfinished) / "site-packages"
            install_dependencies(project, made)
            _take_place(made, folder)
    return folder


def write_package(project: Path, installed: Path, package: Path) -> None:
    """Write the zip."""
    code = {file.relative_to(project).as_posix(): file for file in code_files(project)}
    libraries = {
        f"{DEPENDENCIES}/{file.relative_to(installed).as_posix()}": file for file in _files(installed, LEFT_OUT)
    }
    package.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted((code | libraries).items()):
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, file.read_bytes())


def _files(folder: Path, ignored: Iterable[str]) -> Iterator[Path]:
    for entry in folder.iterdir():
        if any(fnmatchcase(entry.name, pattern) for pattern in ignored):
            continue
        if entry.is_dir():
            yield from _files(entry, ignored)
        else:
            yield entry


def _take_place(made: Path, folder: Path) -> None:
    """Move a finished folder to its place; who was there first has made the same."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(made)


def main() -> None:
    """Make the package and say where it is, its size and its digest."""
    parser = argparse.ArgumentParser(prog="python -m local.packaging", description=__doc__)
    parser.add_argument("--output", type=Path, default=PROJECT / "dist" / "image-bakery.zip")
    options = parser.parse_args()
    installed = dependencies(PROJECT, PROJECT / ".local" / "dependencies")
    write_package(PROJECT, installed, options.output)
    content = options.output.read_bytes()
    print(f"{options.output}: {len(content) / 1e6:.1f} MB, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
