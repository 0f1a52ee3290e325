"""What holds for every script, without running it."""

import re
import subprocess
from pathlib import Path

import pytest

from configuration.reading import read_configuration
from tests.customization.build_vm import CUSTOMIZATION

PROJECT = CUSTOMIZATION.parent
SHELL_FILES = sorted(CUSTOMIZATION.rglob("*.sh"))
POWERSHELL_FILES = sorted(CUSTOMIZATION.rglob("*.ps1"))
TEXT_FILES = [*SHELL_FILES, *POWERSHELL_FILES, CUSTOMIZATION / "versions.env"]
# Those that a step runs; the others are shared functions.
SHELL_SCRIPTS = [path for path in SHELL_FILES if path.name != "installation.sh"]
SHELL_INSTALL_SCRIPTS = [path for path in SHELL_SCRIPTS if path.name.startswith("install_")]
INSTALL_SCRIPTS = [*SHELL_SCRIPTS, *(path for path in POWERSHELL_FILES if path.name != "Installation.ps1")]
NAMES = {"ids": lambda path: path.name}

UBUNTU_RELEASES = re.compile(r"\b(bionic|focal|jammy|noble|resolute|\d\d\.(04|10))\b")
SECRETS = re.compile(r"(sig=|password|secret|token|accountkey)", re.IGNORECASE)
RUN_WHAT_WAS_DOWNLOADED = re.compile(r"(curl|wget)\b[^\n]*\|\s*(sudo\s+)?(ba)?sh\b")


def test_there_are_scripts() -> None:
    assert {path.suffix for path in INSTALL_SCRIPTS} == {".sh", ".ps1"}
    assert len(INSTALL_SCRIPTS) >= 4


@pytest.mark.parametrize("path", SHELL_FILES, **NAMES)
def test_a_script_passes_shellcheck(path: Path) -> None:
    checked = subprocess.run(
        [PROJECT / ".venv/bin/shellcheck", "--external-sources", path.relative_to(PROJECT)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", SHELL_FILES, **NAMES)
def test_bash_can_read_a_script(path: Path) -> None:
    assert subprocess.run(["/bin/bash", "-n", path], check=False).returncode == 0


@pytest.mark.parametrize("path", TEXT_FILES, **NAMES)
def test_a_file_has_lf_line_ends_and_ends_with_one(path: Path) -> None:
    content = path.read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")


@pytest.mark.parametrize("path", SHELL_SCRIPTS, **NAMES)
def test_a_script_can_be_run_and_stops_at_the_first_failure(path: Path) -> None:
    assert path.stat().st_mode & 0o111 == 0o111
    text = path.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -Eeuo pipefail\n" in text
    assert not re.search(r"^\s*(exit 0|return 0)|\|\| true|set \+e", text, re.MULTILINE)


@pytest.mark.parametrize("path", SHELL_INSTALL_SCRIPTS, **NAMES)
def test_an_install_script_proves_itself_at_its_end(path: Path) -> None:
    """Nothing is done after what it proves."""
    before, _, after = path.read_text().rpartition("prove ")
    assert re.search(r"^\s*(install_|unpack|download|retry|run_|ln|mkdir)", before, re.MULTILINE)
    assert not re.search(r"^\s*(install_|unpack|download|retry|run_|ln|mkdir)", after, re.MULTILINE)
    assert after.endswith('\nsay "Done."\n')


@pytest.mark.parametrize("path", TEXT_FILES, **NAMES)
def test_a_file_names_no_release_of_ubuntu_and_holds_no_secret(path: Path) -> None:
    text = path.read_text()
    assert not UBUNTU_RELEASES.search(text)
    assert not SECRETS.search(text)
    assert not RUN_WHAT_WAS_DOWNLOADED.search(text)


def test_the_versions_are_read_the_same_by_bash_and_by_powershell() -> None:
    """Both take `KEY=value` lines and `#` comments; blanks, quotes, backslashes and $ mean something else to each."""
    lines = (CUSTOMIZATION / "versions.env").read_text().splitlines()
    values = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*=[\w.:/+-]+", line) for line in values)
    keys = [line.partition("=")[0] for line in values]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_an_install_script_is_described(path: Path) -> None:
    assert f"`{path.relative_to(CUSTOMIZATION)}`" in (PROJECT / "docs" / "customization.md").read_text()


@pytest.mark.parametrize(
    ("image", "folder", "shared"),
    [("linux", "/tmp/", "installation.sh"), ("windows", "C:\\Windows\\Temp\\", "Installation.ps1")],
)
def test_the_sample_brings_what_the_scripts_share_to_where_they_look_and_before_them(
    image: str, folder: str, shared: str
) -> None:
    reading = read_configuration(PROJECT / "parameters", CUSTOMIZATION)
    plan = reading.stage_plan("sbx", image)
    assert plan is not None
    steps = plan.image_template.properties["customize"]
    brought = {step["destination"]: at for at, step in enumerate(steps) if step["type"] == "File"}
    first_script = min(at for at, step in enumerate(steps) if "scriptUri" in step)
    for file in (shared, "versions.env"):
        assert brought[folder + file] < first_script


def test_the_sample_for_linux_runs_every_script_and_proves_the_image_of_it() -> None:
    """The modules need PowerShell, the inventory everything; the machine that is validated has an empty /tmp."""
    plan = read_configuration(PROJECT / "parameters", CUSTOMIZATION).stage_plan("sbx", "linux")
    assert plan is not None
    properties = plan.image_template.properties
    scripts = [step["scriptUri"].rpartition("/")[2] for step in properties["customize"] if "scriptUri" in step]
    assert sorted(scripts) == sorted(path.name for path in SHELL_SCRIPTS if path.name != "validate_components.sh")
    assert scripts[0] == "install_powershell.sh"
    assert properties["customize"][-1]["scriptUri"].endswith("/linux/write_inventory.sh")
    *brought, proof = properties["validate"]["inVMValidations"]
    assert {step["destination"] for step in brought} == {"/tmp/versions.env", "/tmp/installation.sh"}
    assert proof["scriptUri"].endswith("/linux/validate_components.sh")
    assert not properties["validate"].get("continueDistributeOnFailure")
