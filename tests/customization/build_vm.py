"""A folder that a script takes for the build VM: its root, and stand-ins for the commands that reach outside.

The scripts run as they are; what they would do to the machine or ask of the network ends at a command of `bin/`. Each
stand-in notes its call in `calls`; files in `knobs/` make it fail.
"""

import hashlib
import os
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

CUSTOMIZATION = Path(__file__).parents[2] / "customization"
VERSIONS = dict(
    line.split("=", 1)
    for line in (CUSTOMIZATION / "versions.env").read_text().splitlines()
    if line and not line.startswith("#")
)

# Answers as `fail_times NAME` does: the first $(cat knobs/NAME) calls fail.
PROLOGUE = r"""#!/usr/bin/env bash
name=$(basename "$0")
echo "$name $*" >>"$SANDBOX/calls"
fail_times() {
    local knob=$SANDBOX/knobs/$1 left
    left=$(cat "$knob" 2>/dev/null || echo 0)
    if ((left > 0)); then
        echo $((left - 1)) >"$knob"
        echo "$name: refused" >&2
        exit 22
    fi
}
"""
STAND_INS = {
    "id": 'cat "$SANDBOX/knobs/user" 2>/dev/null || echo 0',
    "sudo": "exit 0",
    "chown": "exit 0",
    "dpkg": "echo amd64",
    "runuser": 'shift 3; exec "$@"',
    "gpg": r"""
printf 'pub:-:2048:\nfpr:::::::::%s:\nsub:-:2048:\nfpr:::::::::ASUBKEY:\n' "$(cat "$SANDBOX/knobs/key")"
""",
    "curl": r"""
fail_times curl
while (($# > 1)); do [[ $1 == --output ]] && output=$2; shift; done
cp "$SANDBOX/served/$(basename "$1")" "$output"
""",
    # Like debconf and needrestart: asks on the terminal unless it was told not to; then it reads what is there to read.
    "apt-get": r"""
if [[ $DEBIAN_FRONTEND != noninteractive || -z $NEEDRESTART_SUSPEND ]]; then
    echo "apt-get: which services should be restarted?" >&2
    exit 100
fi
read -r answer && { echo "apt-get: got an answer: $answer" >&2; exit 100; }
fail_times "apt-get-$1"
if [[ $* == *azure-cli=* && ! -e $SANDBOX/knobs/no-az ]]; then
    mkdir -p "$DESTDIR/usr/bin" && cp "$SANDBOX/az" "$DESTDIR/usr/bin/az"
fi
exit 0
""",
}
AZ = r"""#!/usr/bin/env bash
echo "az $*" >>"SANDBOX/calls"
case "$1 $2" in
    "version --query") cat "SANDBOX/knobs/az-version" ;;
    "extension add") exit "$(cat "SANDBOX/knobs/az-extension-add" 2>/dev/null || echo 0)" ;;
    "extension show") cat "SANDBOX/knobs/extension-version" ;;
esac
"""


@dataclass
class BuildVm:
    """One sandbox; `calls` are the commands that the last run gave to the stand-ins."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("bin", "knobs", "served", "root/etc", "files"):
            (self.folder / name).mkdir(parents=True)
        for name, body in STAND_INS.items():
            _executable(self.folder / "bin" / name, PROLOGUE + body)
        _executable(self.folder / "az", AZ.replace("SANDBOX", str(self.folder)))
        self.turn("az-version", f"{VERSIONS['AZURE_CLI_VERSION_PREFIX']}1")
        self.turn("extension-version", VERSIONS["AZURE_DEVOPS_EXTENSION_VERSION"])
        self.turn("key", VERSIONS["MICROSOFT_KEY_FINGERPRINT"])
        (self.folder / "served" / "microsoft.asc").write_text("a key\n")
        self.release("ubuntu", "anyrelease")
        (self.folder / "files" / "installation.sh").write_bytes((CUSTOMIZATION / "linux/installation.sh").read_bytes())
        self.serve_powershell(VERSIONS["POWERSHELL_VERSION"])
        binaries = f"{self.folder / 'bin'}:{self.root / 'usr/bin'}"
        self.environment = {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "SANDBOX": str(self.folder),
            "DESTDIR": str(self.root),
            "CUSTOMIZATION_FILES": str(self.folder / "files"),
            "RETRY_WAIT_SECONDS": "0",
        }

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def turn(self, knob: str, value: object) -> None:
        (self.folder / "knobs" / knob).write_text(f"{value}\n")

    def release(self, distribution: str, codename: str) -> None:
        text = f'NAME="A name"\nID={distribution}\nVERSION_CODENAME={codename}\n'
        (self.root / "etc" / "os-release").write_text(text)

    def serve_powershell(self, version_that_it_says: str) -> None:
        """Serve an archive whose checksum stands in the sandbox's versions.env."""
        program = self.folder / "pwsh"
        program.write_text(f"#!/bin/sh\necho PowerShell {version_that_it_says}\n")
        archive = self.folder / "served" / f"powershell-{VERSIONS['POWERSHELL_VERSION']}-linux-x64.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(program, "pwsh")
        text = (CUSTOMIZATION / "versions.env").read_text()
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        text = text.replace(VERSIONS["POWERSHELL_SHA256_AMD64"], sha256)
        (self.folder / "files" / "versions.env").write_text(text)

    def run(self, script: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a script as Azure Image Builder does, with an input that never ends and never answers."""
        (self.folder / "calls").write_text("")
        never, writer = os.pipe()
        try:
            return subprocess.run(
                [CUSTOMIZATION / "linux" / script],
                cwd=folder or self.folder,
                env=self.environment,
                stdin=never,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        finally:
            os.close(never)
            os.close(writer)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
