"""What the mirror serves: stand-ins for the releases, packed as the real ones are, at their addresses.

Each stand-in answers the one or two questions that the scripts ask, in the words of the real program.
"""

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Mapping

ARCHITECTURES = ("amd64", "arm64")
# As vendors other than those of Kubernetes and Terraform call the two.
ELSEWHERE = {"amd64": "x64", "arm64": "arm64"}

# Asks and answers of PowerShell. Modules stand in the image's folder for all users, wherever the image is.
PWSH = r"""
modules=$(dirname "$(readlink -f "$0")")/../../../../usr/local/share/powershell/Modules
case "$*" in
    --version) echo "PowerShell POWERSHELL_VERSION" ;;
    *Get-PackageProvider*) echo 3.0.0.1 ;;
    *Get-Module*) (cd "$modules" && for one in */*/*.psd1; do IFS=/ read -r name version _ <<<"$one"
        [[ -r $one ]] && echo "$name $version"; done) | if [[ $* == *"Sort-Object Version -Desc"* ]]; then
        sort --reverse --version-sort; else cat; fi ;;
    *Import-PowerShellDataFile*) cat "${@: -1}" ;;
    *Install-PSResource*)
        for module in "${@:5}"; do
            if [[ $(<"$SANDBOX/knobs/not-in-the-gallery") == "${module%:*}" ]]; then
                echo "Install-PSResource: Package(s) '${module%:*}' could not be installed." >&2
                exit 1
            fi
            mkdir -p "$modules/${module%:*}/${module#*:}"
            parts=$modules/${module%:*}/${module#*:}/${module%:*}.psd1
            if [[ $module == Az:* ]]; then cat "$SANDBOX/knobs/parts-of-az"; fi >"$parts"
        done ;;
    *) exit 64 ;;
esac
"""
PROGRAMS = {
    "pwsh": PWSH,
    "bicep": 'echo "Bicep CLI version BICEP_VERSION (0123abcd)"',
    "dotnet": r"""
case "$1" in
    --version) echo DOTNET_SDK_VERSION ;;
    --list-runtimes) for name in AspNetCore NETCore; do
        echo "Microsoft.$name.App DOTNET_RUNTIME_VERSION [/usr/share/dotnet/shared/Microsoft.$name.App]"; done ;;
esac
""",
    "terraform": r'printf "Terraform vTERRAFORM_VERSION\non linux_amd64\n"',
    # It keeps its plans at home.
    "azcopy": 'mkdir "$HOME/.azcopy" && echo "azcopy version AZCOPY_VERSION"',
    "kubectl": r'printf "Client Version: vKUBECTL_VERSION\nKustomize Version: v5.8.1\n"',
    "kubelogin": r'printf "kubelogin version \ngit hash: vKUBELOGIN_VERSION/0123abcd\nGo version: go1.26.0\n"',
}


def program(name: str, said: Mapping[str, str]) -> bytes:
    """A stand-in that says its version in the words of the real program; or what `said` gives as its `body`."""
    body = said.get("body", PROGRAMS[name])
    for key in sorted(said, key=len, reverse=True):
        body = body.replace(key, said[key])
    return f"#!/usr/bin/env bash\n{body}\n".encode()


def addresses(versions: Mapping[str, str], architecture: str) -> dict[str, str]:
    """Where each program's release is downloaded from, by the key of its checksum in `versions.env`."""
    names = ("POWERSHELL", "BICEP", "DOTNET_SDK", "TERRAFORM", "AZCOPY", "KUBECTL", "KUBELOGIN")
    powershell, bicep, sdk, terraform, azcopy, kubectl, kubelogin = (versions[f"{name}_VERSION"] for name in names)
    other = ELSEWHERE[architecture]
    folders = {
        "POWERSHELL_SHA256": f"github.com/PowerShell/PowerShell/releases/download/v{powershell}",
        "BICEP_SHA256": f"github.com/Azure/bicep/releases/download/v{bicep}",
        "DOTNET_SDK_SHA512": f"builds.dotnet.microsoft.com/dotnet/Sdk/{sdk}",
        "TERRAFORM_SHA256": f"releases.hashicorp.com/terraform/{terraform}",
        "AZCOPY_SHA256": f"github.com/Azure/azure-storage-azcopy/releases/download/v{azcopy}",
        "KUBECTL_SHA256": f"dl.k8s.io/release/v{kubectl}/bin/linux/{architecture}",
        "KUBELOGIN_SHA256": f"github.com/Azure/kubelogin/releases/download/v{kubelogin}",
    }
    files = {
        "POWERSHELL_SHA256": f"powershell-{powershell}-linux-{other}.tar.gz",
        "BICEP_SHA256": f"bicep-linux-{other}",
        "DOTNET_SDK_SHA512": f"dotnet-sdk-{sdk}-linux-{other}.tar.gz",
        "TERRAFORM_SHA256": f"terraform_{terraform}_linux_{architecture}.zip",
        "AZCOPY_SHA256": f"azcopy_linux_{architecture}_{azcopy}.tar.gz",
        "KUBECTL_SHA256": "kubectl",
        "KUBELOGIN_SHA256": f"kubelogin-linux-{architecture}.zip",
    }
    return {f"{key}_{architecture.upper()}": f"{folder}/{files[key]}" for key, folder in folders.items()}


def packed(address: str, architecture: str, said: Mapping[str, str]) -> bytes:
    """A release as its vendor packs it, by its address."""
    file = address.rpartition("/")[2]
    match re.split(r"[-_.]", file)[0]:
        case "powershell":
            return _tar({"./pwsh": program("pwsh", said)})
        case "dotnet":
            return _tar({"./dotnet": program("dotnet", said), "./LICENSE.txt": b"MIT\n"})
        case "azcopy":
            folder = file.removesuffix(".tar.gz")
            return _tar({f"{folder}/azcopy": program("azcopy", said), f"{folder}/NOTICE.txt": b"MIT\n"})
        case "terraform":
            return zipped({"LICENSE.txt": b"BUSL\n", "terraform": program("terraform", said)})
        case "kubelogin":
            return zipped({f"bin/linux_{architecture}/kubelogin": program("kubelogin", said)})
        case bare:
            return program(bare, said)


def checksum(key: str, content: bytes) -> str:
    return hashlib.new("sha512" if "SHA512" in key else "sha256", content).hexdigest()


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o750
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
