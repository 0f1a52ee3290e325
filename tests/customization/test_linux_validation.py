"""The validation of an image: what is missing, changed or hidden from its users fails the build, by name."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.customization.build_vm import VERSIONS, BuildVm
from tests.customization.keys import Key
from tests.customization.mirror import Mirror

VALIDATE = "validate_components.sh"
PROGRAMS = "usr/local/bin"
MODULES = "usr/local/share/powershell/Modules"
# What is taken away, and what of the inventory is then missing.
REMOVED = {
    "opt/microsoft/powershell": ["PowerShell", "NuGet package provider", "PowerShell module Az"],
    f"{PROGRAMS}/pwsh": ["PowerShell", "NuGet package provider", "PowerShell module Pester"],
    "usr/bin/az": ["Azure CLI", "Azure CLI extension azure-devops"],
    f"{PROGRAMS}/bicep": ["Bicep CLI"],
    "usr/share/dotnet": [".NET SDK", ".NET runtime", "ASP.NET Core runtime"],
    f"{PROGRAMS}/terraform": ["Terraform"],
    f"{PROGRAMS}/azcopy": ["AzCopy"],
    f"{PROGRAMS}/kubectl": ["kubectl"],
    f"{PROGRAMS}/kubelogin": ["kubelogin"],
    f"{MODULES}/ImportExcel": ["PowerShell module ImportExcel"],
    f"{MODULES}/Az.Storage": ["PowerShell module Az.Storage"],
    "usr/sbin/waagent": ["the guest agent"],
}


@pytest.fixture(scope="module")
def image(mirror: Mirror, vendor_key: Key) -> Iterator[BuildVm]:
    """An image with everything; the tests put back what they take away.

    Where root runs the tests, the real runuser asks as another user, who must be able to enter the folder.
    """
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    try:
        mirror.reset()
        build_vm = BuildVm(folder / "vm", mirror, vendor_key.fingerprint, vendor_key.public)
        if os.geteuid() == 0:
            for name in ("runuser", "chown"):
                (build_vm.folder / "bin" / name).unlink()
            (build_vm.folder / "calls").touch(0o666)
            (build_vm.folder / "calls").chmod(0o666)
        build_vm.install_everything()
        yield build_vm
    finally:
        shutil.rmtree(folder)


def test_a_whole_image_is_valid(image: BuildVm) -> None:
    ended = image.run(VALIDATE)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stderr


@pytest.mark.parametrize("path", REMOVED)
def test_what_was_removed_fails_the_build_by_name(image: BuildVm, path: str) -> None:
    (image.root / path).rename(image.folder / "aside")
    try:
        ended = image.run(VALIDATE)
    finally:
        (image.folder / "aside").rename(image.root / path)
    assert ended.returncode == 1
    sentence = ended.stderr.splitlines()[-1]
    assert sentence.startswith(f"Validation: FAILED at {VALIDATE} line ")
    named = sentence.partition("missing or changed: ")[2].rstrip(".").split(", ")
    assert set(REMOVED[path]) <= set(named)
    hidden = "PowerShell module " if "powershell" in path or path.endswith("pwsh") else None
    assert [name for name in named if name not in REMOVED[path] and not (hidden and name.startswith(hidden))] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    "path", [f"{PROGRAMS}/azcopy", "usr/share/dotnet", f"{MODULES}/Pester/{VERSIONS['MODULE_PESTER'][7:]}/Pester.psd1"]
)
def test_what_only_the_build_user_can_read_is_missing(image: BuildVm, path: str) -> None:
    mode = (image.root / path).stat().st_mode
    (image.root / path).chmod(0o700)
    try:
        ended = image.run(VALIDATE)
    finally:
        (image.root / path).chmod(mode)
    assert ended.returncode == 1
    assert "missing or changed: " in ended.stderr


def test_another_version_than_the_inventory_says_is_named(image: BuildVm) -> None:
    image.turn("az-version", "2.99.9")
    try:
        ended = image.run(VALIDATE)
    finally:
        image.turn("az-version", VERSIONS["AZURE_CLI_VERSION_PREFIX"] + "1")
    assert ended.returncode == 1
    assert "Azure CLI: CHANGED: it says 2.99.9, but the inventory says something else." in ended.stdout
    assert ended.stderr.rstrip().endswith("missing or changed: Azure CLI.")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("inventory.json", "inventory.json is missing: write_inventory.sh must be the last customizer."),
        ("components", "components names no component: nothing was installed."),
    ],
)
def test_an_image_without_an_inventory_is_not_taken_for_one_with_nothing_missing(
    image: BuildVm, file: str, sentence: str
) -> None:
    path = image.root / "etc/image-bakery" / file
    path.rename(image.folder / "aside")
    try:
        ended = image.run(VALIDATE)
    finally:
        (image.folder / "aside").rename(path)
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith(sentence)


def test_a_guest_agent_that_does_not_run_fails_the_build(image: BuildVm) -> None:
    agent = image.root / "usr/sbin/waagent"
    text = agent.read_text()
    agent.write_text("#!/usr/bin/no-python\n")
    try:
        ended = image.run(VALIDATE)
    finally:
        agent.write_text(text)
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith("missing or changed: the guest agent.")


def test_the_inventory_names_what_does_not_answer(image: BuildVm) -> None:
    (image.root / PROGRAMS / "kubectl").rename(image.folder / "aside")
    try:
        ended = image.run("write_inventory.sh")
    finally:
        (image.folder / "aside").rename(image.root / PROGRAMS / "kubectl")
    assert ended.returncode == 1
    assert "Inventory: FAILED at write_inventory.sh line " in ended.stderr
    assert "kubectl: 'kubectl' 'version' '--client' does not work for other users of the image." in ended.stderr


def test_an_inventory_of_nothing_is_not_written(build_vm: BuildVm) -> None:
    ended = build_vm.run("write_inventory.sh")
    assert ended.returncode == 1
    assert "components names no component: nothing was installed." in ended.stderr
    assert not (build_vm.root / "etc/image-bakery").exists()
