"""A folder that the scripts take for the build VM: its root, and stand-ins for the commands that reach outside.

The scripts run as they are, with the real bash, curl, tar, gpg and sha256sum; downloads come from the mirror. What they
would do to the machine ends at a command of `bin/`. Each stand-in notes its call in `calls`; files in `knobs/` make it
fail.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.customization import releases
from tests.customization.mirror import Mirror

CUSTOMIZATION = Path(__file__).parents[2] / "customization"
VERSIONS = dict(
    line.split("=", 1)
    for line in (CUSTOMIZATION / "versions.env").read_text().splitlines()
    if line and not line.startswith("#")
)
# The component that each script names itself by, in the order of the sample.
INSTALLATIONS = {
    "install_powershell.sh": "PowerShell",
    "install_azure_cli.sh": "Azure CLI",
    "install_bicep.sh": "Bicep CLI",
    "install_dotnet.sh": ".NET",
    "install_terraform.sh": "Terraform",
    "install_azcopy.sh": "AzCopy",
    "install_kubectl.sh": "kubectl",
    "install_kubelogin.sh": "kubelogin",
    "install_powershell_modules.sh": "PowerShell modules",
}
CLOSING = {"write_inventory.sh": "Inventory", "validate_components.sh": "Validation"}
SCRIPTS = INSTALLATIONS | CLOSING
PARTS_OF_AZ = ("Az.Accounts:5.5.1", "Az.Compute:11.7.0", "Az.Storage:9.7.1")
MICROSOFT_KEY = "packages.microsoft.com/keys/microsoft.asc"
HASHICORP_KEY = "www.hashicorp.com/.well-known/pgp-key.txt"

# Answers as `fail_times NAME` does: the first $(cat knobs/NAME) calls fail.
PROLOGUE = r"""#!/usr/bin/env bash
name=${0##*/}
echo "$name $*" >>"$SANDBOX/calls"
fail_times() {
    local knob=$SANDBOX/knobs/$1 left=0
    [[ -e $knob ]] && left=$(<"$knob")
    if ((left > 0)); then
        echo $((left - 1)) >"$knob"
        echo "$name: refused" >&2
        exit 22
    fi
}
"""
STAND_INS = {
    "id": 'cat "$SANDBOX/knobs/user"',
    "sudo": "exit 0",
    "chown": "exit 0",
    "dpkg": 'cat "$SANDBOX/knobs/architecture"',
    "runuser": 'shift 3; exec "$@"',
    # Like debconf and needrestart: asks on the terminal unless it was told not to; then it reads what is there to read.
    "apt-get": r"""
if [[ $DEBIAN_FRONTEND != noninteractive || -z $NEEDRESTART_SUSPEND ]]; then
    echo "apt-get: which services should be restarted?" >&2
    exit 100
fi
read -r answer && { echo "apt-get: got an answer: $answer" >&2; exit 100; }
fail_times "apt-get-$1"
for package in "${@:2}"; do
    if [[ $package == "$(<"$SANDBOX/knobs/unknown-package")"* ]]; then
        echo "E: Unable to locate package $package" >&2
        exit 100
    fi
done
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
    "extension add") exit "$(<"SANDBOX/knobs/az-extension-add")" ;;
    "extension show") cat "SANDBOX/knobs/extension-version" ;;
esac
"""
# All that a user of the image has beside what was installed.
SYSTEM_PROGRAMS = ("bash", "cat", "dirname", "mkdir", "readlink", "sort")
# The guest agent, and what it generalises the machine with.
AGENT = {
    "usr/sbin/waagent": "#!/bin/sh\necho WALinuxAgent-2.15.0.1 running on ubuntu\n",
    "etc/waagent.conf": "Provisioning.Agent=auto\n",
    "tmp/DeprovisioningScript.sh": "/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync\n",
}
KNOBS = {
    "user": 0,
    "architecture": "amd64",
    "unknown-package": "no such package",
    "not-in-the-gallery": "no such module",
    "parts-of-az": "\n".join(PARTS_OF_AZ),
    "az-version": f"{VERSIONS['AZURE_CLI_VERSION_PREFIX']}1",
    "az-extension-add": 0,
    "extension-version": VERSIONS["AZURE_DEVOPS_EXTENSION_VERSION"],
}


@dataclass
class BuildVm:
    """One sandbox; `calls` are the commands that the last run gave to the stand-ins."""

    folder: Path
    mirror: Mirror
    # Of the key that Microsoft and HashiCorp sign with here, and the key itself.
    fingerprint: str
    key: bytes
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("bin", "knobs", "root/etc", "files", "temporary"):
            (self.folder / name).mkdir(parents=True)
        for name, body in STAND_INS.items():
            _executable(self.folder / "bin" / name, PROLOGUE + body)
        (self.folder / "bin" / "python3").symlink_to(sys.executable)
        _executable(self.folder / "az", AZ.replace("SANDBOX", str(self.folder)))
        for knob, value in KNOBS.items():
            self.turn(knob, value)
        (self.root / "usr/bin").mkdir(parents=True)
        for name in SYSTEM_PROGRAMS:
            (self.root / "usr/bin" / name).symlink_to(str(shutil.which(name)))
        for path, text in AGENT.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            _executable(self.root / path, text)
        self.release("ubuntu", "anyrelease")
        (self.folder / "files" / "installation.sh").write_bytes((CUSTOMIZATION / "linux/installation.sh").read_bytes())
        (self.folder / ".curlrc").write_text(self.mirror.curlrc)
        self.serve()
        programs = [self.folder / "bin", *(self.root / part for part in ("usr/local/bin", "usr/bin", "usr/sbin"))]
        self.environment = {
            "PATH": ":".join([*map(str, programs), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "temporary"),
            "SANDBOX": str(self.folder),
            "DESTDIR": str(self.root),
            "CUSTOMIZATION_FILES": str(self.folder / "files"),
            "RETRY_TRIES": "2",
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
        text = f'PRETTY_NAME="A name"\nID={distribution}\nVERSION_CODENAME={codename}\n'
        (self.root / "etc" / "os-release").write_text(text)

    def serve(self, wanted: dict[str, str] | None = None, said: dict[str, str] | None = None) -> None:
        """Serve releases, with their checksums in the sandbox's versions.env.

        `wanted` stands in versions.env in place of the real values; `said` is what the programs say of themselves in
        place of them, or their whole `body`.
        """
        self.mirror.files |= {MICROSOFT_KEY: self.key, HASHICORP_KEY: self.key}
        wanted = {"MICROSOFT_KEY_FINGERPRINT": self.fingerprint, "HASHICORP_KEY_FINGERPRINT": self.fingerprint} | (
            wanted or {}
        )
        versions = VERSIONS | wanted
        for architecture in releases.ARCHITECTURES:
            for key, address in releases.addresses(versions, architecture).items():
                content = releases.packed(address, architecture, VERSIONS | (said or {}))
                self.mirror.files[address] = content
                versions[key] = releases.checksum(key, content)
        lines = (f"{key}={value}" for key, value in versions.items())
        (self.folder / "files" / "versions.env").write_text("\n".join(lines) + "\n")

    def install_everything(self) -> None:
        """Run all customizers of the sample."""
        for script in [*INSTALLATIONS, "write_inventory.sh"]:
            ended = self.run(script)
            assert ended.returncode == 0, ended.stderr

    def run(self, script: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a script as Azure Image Builder does, with an input that never ends and never answers."""
        (self.folder / "calls").write_text("")
        self.mirror.requests.clear()
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
