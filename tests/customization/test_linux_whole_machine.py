"""The Linux scripts on a whole machine: this one, seen through an overlay that forgets everything.

No folder stands for the root of the image here, and only apt-get, dpkg and the downloads are stand-ins: becoming
another user, owners, modes and paths are real. It needs root and a kernel that lets it mount.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.customization.build_vm import AGENT, AZ, CUSTOMIZATION, INSTALLATIONS, KNOBS, PROLOGUE, STAND_INS, BuildVm

ENTER = r"""
set -Eeuo pipefail
mount -t tmpfs tmpfs "$MACHINE"
mkdir "$MACHINE"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$MACHINE/upper,workdir=$MACHINE/work" "$MACHINE/root"
cd "$MACHINE/root"
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp
chmod 1777 tmp
rm -f {usr/,usr/local/}bin/{pwsh,az,bicep,dotnet,terraform,azcopy,kubectl,kubelogin}
rm -rf etc/os-release etc/image-bakery
cp -a "$BROUGHT/." .
chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root SANDBOX=/sandbox RETRY_TRIES=1 bash -c "cd /var; $COMMANDS" </dev/null
"""


def _can_mount() -> bool:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    tried = subprocess.run(
        ["/usr/bin/env", "unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        check=False,
        capture_output=True,
    )
    return tried.returncode == 0


def _bring(build_vm: BuildVm) -> Path:
    """Return a folder with what the machine has beside its own files."""
    brought = build_vm.folder / "brought"
    for name in ("apt-get", "dpkg"):
        _write(brought / "usr/local/sbin" / name, PROLOGUE + STAND_INS[name], 0o755)
    for knob, value in KNOBS.items():
        _write(brought / "sandbox/knobs" / knob, f"{value}\n")
    _write(brought / "sandbox/az", AZ.replace("SANDBOX", "/sandbox"), 0o755)
    _write(brought / "sandbox/calls", "", 0o666)
    for path, text in AGENT.items():
        _write(brought / path, text, 0o755)
    _write(brought / "etc/os-release", (build_vm.root / "etc/os-release").read_text())
    _write(brought / "tmp/authority.pem", build_vm.mirror.authority.read_text())
    _write(
        brought / "root/.curlrc", build_vm.mirror.curlrc.replace(str(build_vm.mirror.authority), "/tmp/authority.pem")
    )
    for path in (build_vm.folder / "files/versions.env", *(CUSTOMIZATION / "linux").iterdir()):
        _write(brought / "tmp" / path.name, path.read_text())
    return brought


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _run(build_vm: BuildVm, brought: Path, commands: list[str]) -> "subprocess.CompletedProcess[str]":
    machine = build_vm.folder / "machine"
    machine.mkdir()
    return subprocess.run(
        ["/usr/bin/env", "unshare", "--mount", "bash", "-c", ENTER],
        env={
            "PATH": os.environ["PATH"],
            "MACHINE": str(machine),
            "BROUGHT": str(brought),
            "COMMANDS": "; ".join(commands),
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.skipif(not _can_mount(), reason="needs root and the right to mount")
def test_all_scripts_run_on_a_machine_and_a_removed_program_is_missed(build_vm: BuildVm) -> None:
    scripts = [*INSTALLATIONS, "write_inventory.sh", "validate_components.sh"]
    ended = _run(
        build_vm,
        _bring(build_vm),
        [
            "set -e",
            *(f"bash /tmp/{script}" for script in scripts),
            "rm /usr/local/bin/azcopy",
            "set +e",
            "bash /tmp/validate_components.sh",
            "echo ended with $?",
        ],
    )
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout.splitlines()
    assert "Validation: PowerShell module Az.Storage 9.7.1" in said
    assert sum(line.endswith(": Done.") for line in said) == len(scripts)
    assert said[-1] == "ended with 1"
    assert ended.stderr.splitlines()[-1].endswith("missing or changed: AzCopy.")
