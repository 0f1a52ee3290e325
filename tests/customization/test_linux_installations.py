"""The Linux scripts where all goes well, on a build VM whose reach ends at stand-ins and at the mirror."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.customization import releases
from tests.customization.build_vm import AGENT, INSTALLATIONS, PARTS_OF_AZ, SCRIPTS, VERSIONS, BuildVm
from tests.customization.keys import Key
from tests.customization.mirror import Mirror

type Ended = subprocess.CompletedProcess[str]
MODULES = [value for key, value in VERSIONS.items() if key.startswith("MODULE_")]
PROGRAMS = ("pwsh", "dotnet", "bicep", "terraform", "azcopy", "kubectl", "kubelogin")
EACH_SCRIPT = pytest.mark.parametrize("script", SCRIPTS)
EACH_ARCHITECTURE = pytest.mark.parametrize("architecture", releases.ARCHITECTURES)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mirror: Mirror, vendor_key: Key) -> BuildVm:
    """A machine on which all scripts have run; the tests leave it as it is."""
    mirror.reset()
    return BuildVm(tmp_path_factory.mktemp("first") / "vm", mirror, vendor_key.fingerprint, vendor_key.public)


@pytest.fixture(scope="module")
def ended(first: BuildVm) -> dict[str, tuple[Ended, list[str]]]:
    """How each script of the sample ended, and what it called."""
    first.serve()
    return {script: (first.run(script), first.calls) for script in SCRIPTS}


@EACH_SCRIPT
def test_a_script_succeeds_and_says_so(ended: dict[str, tuple[Ended, list[str]]], script: str) -> None:
    run, _ = ended[script]
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0] == f"{SCRIPTS[script]}: Installing."
    assert run.stdout.splitlines()[-1] == f"{SCRIPTS[script]}: Done."
    assert not run.stderr


@EACH_SCRIPT
def test_what_a_script_proves_is_asked_by_another_user_with_an_empty_environment(
    ended: dict[str, tuple[Ended, list[str]]], script: str
) -> None:
    asked = [call for call in ended[script][1] if call.startswith("runuser")]
    assert asked
    assert all(call.startswith("runuser --user nobody -- env --ignore-environment --chdir=/ HOME=") for call in asked)


@pytest.mark.parametrize("script", INSTALLATIONS)
def test_apt_is_told_not_to_ask_and_to_wait_for_its_lock(
    ended: dict[str, tuple[Ended, list[str]]], script: str
) -> None:
    """The stand-in for apt-get fails where the script allows a question, and hangs where it leaves an input open."""
    calls = [call for call in ended[script][1] if call.startswith("apt-get")]
    assert calls or script == "install_powershell_modules.sh"
    assert all(" --yes --quiet --option DPkg::Lock::Timeout=" in call for call in calls)


def test_every_script_gives_the_same_result_again_in_another_folder(
    ended: dict[str, tuple[Ended, list[str]]], first: BuildVm, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    components = (first.root / "etc/image-bakery/components").read_text()
    first.serve()
    for script, (run, calls) in ended.items():
        again = first.run(script, folder=elsewhere)
        assert (again.returncode, again.stdout) == (0, run.stdout), script
        assert len(first.calls) == len(calls)
    assert (first.root / "etc/image-bakery/components").read_text() == components
    assert not list(elsewhere.iterdir())


@pytest.mark.usefixtures("ended")
def test_nothing_stays_in_the_temporary_folder(first: BuildVm) -> None:
    assert not list((first.folder / "temporary").iterdir())


@pytest.mark.usefixtures("ended")
def test_everything_installed_can_be_read_and_run_by_everyone(first: BuildVm) -> None:
    """Also where a vendor has packed it for its owner alone, as the mirror's releases are."""
    for path in first.root.rglob("*"):
        mode = path.stat().st_mode
        assert mode & 0o004, path
        assert not mode & 0o022, path
    programs = [first.root / "usr/local/bin" / name for name in PROGRAMS]
    assert all(program.stat().st_mode & 0o555 == 0o555 for program in programs)
    assert all(program.resolve().is_relative_to(first.root) for program in programs)


@pytest.mark.usefixtures("ended")
def test_the_guest_agent_and_its_deprovisioning_stay_as_they_were(first: BuildVm) -> None:
    assert {path: (first.root / path).read_text() for path in AGENT} == AGENT


@pytest.mark.usefixtures("ended")
def test_programs_with_a_start_file_of_their_own_find_the_dotnet_runtime(first: BuildVm) -> None:
    location = (first.root / "etc/dotnet/install_location").read_text().strip()
    assert (first.root / location.lstrip("/") / "dotnet").exists()


@pytest.mark.usefixtures("ended")
def test_the_inventory_names_everything_in_the_version_that_it_says_of_itself(first: BuildVm) -> None:
    path = first.root / "etc/image-bakery/inventory.json"
    inventory = json.loads(path.read_text())
    assert (inventory["system"], inventory["architecture"]) == ("A name", "amd64")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", inventory["writtenAt"])
    said = {one["name"]: one["version"] for one in inventory["components"]}
    assert len(said) == len(inventory["components"])
    assert said == {
        "PowerShell": VERSIONS["POWERSHELL_VERSION"],
        "NuGet package provider": "3.0.0.1",
        "Azure CLI": VERSIONS["AZURE_CLI_VERSION_PREFIX"] + "1",
        "Azure CLI extension azure-devops": VERSIONS["AZURE_DEVOPS_EXTENSION_VERSION"],
        "Bicep CLI": VERSIONS["BICEP_VERSION"],
        ".NET SDK": VERSIONS["DOTNET_SDK_VERSION"],
        ".NET runtime": VERSIONS["DOTNET_RUNTIME_VERSION"],
        "ASP.NET Core runtime": VERSIONS["DOTNET_RUNTIME_VERSION"],
        "Terraform": VERSIONS["TERRAFORM_VERSION"],
        "AzCopy": VERSIONS["AZCOPY_VERSION"],
        "kubectl": VERSIONS["KUBECTL_VERSION"],
        "kubelogin": VERSIONS["KUBELOGIN_VERSION"],
    } | {
        f"PowerShell module {name}": version
        for name, _, version in (m.partition(":") for m in (*MODULES, *PARTS_OF_AZ))
    }


def test_the_inventory_stands_in_the_log_as_well(ended: dict[str, tuple[Ended, list[str]]], first: BuildVm) -> None:
    inventory = json.loads((first.root / "etc/image-bakery/inventory.json").read_text())
    lines = ended["write_inventory.sh"][0].stdout.splitlines()
    assert [f"Inventory: {one['name']} {one['version']}" for one in inventory["components"]] == lines[1:-1]


@EACH_ARCHITECTURE
def test_the_releases_of_the_machines_architecture_are_installed(build_vm: BuildVm, architecture: str) -> None:
    """The other architecture's have other checksums and are not even served."""
    build_vm.turn("architecture", architecture)
    other = next(one for one in releases.ARCHITECTURES if one != architecture)
    for address in releases.addresses(VERSIONS, other).values():
        build_vm.mirror.files[address] = b"for another machine\n"
    build_vm.install_everything()
    inventory = json.loads((build_vm.root / "etc/image-bakery/inventory.json").read_text())
    assert inventory["architecture"] == architecture


@pytest.mark.parametrize("codename", ["jammy", "noble", "thenextone"])
def test_the_azure_cli_comes_from_the_repository_of_the_release_that_runs(
    build_vm: BuildVm, vendor_key: Key, codename: str
) -> None:
    build_vm.release("ubuntu", codename)
    assert build_vm.run("install_azure_cli.sh").returncode == 0
    source = (build_vm.root / "etc/apt/sources.list.d/azure-cli.sources").read_text()
    assert f"Suites: {codename}\n" in source
    assert "Architectures: amd64\n" in source
    assert "Signed-By: /etc/apt/keyrings/microsoft.asc\n" in source
    assert (build_vm.root / "etc/apt/keyrings/microsoft.asc").read_bytes() == vendor_key.public
    installed = next(call for call in build_vm.calls if "azure-cli=" in call)
    assert f"azure-cli={VERSIONS['AZURE_CLI_VERSION_PREFIX']}*" in installed


def test_the_extension_is_installed_for_all_users_at_its_version(build_vm: BuildVm) -> None:
    build_vm.run("install_azure_cli.sh")
    added = next(call for call in build_vm.calls if call.startswith("az extension add"))
    assert f"--version {VERSIONS['AZURE_DEVOPS_EXTENSION_VERSION']} --system --yes" in added


def test_an_image_that_builds_on_an_earlier_one_has_the_new_versions(build_vm: BuildVm) -> None:
    old = {"POWERSHELL_VERSION": "7.0.1", "DOTNET_SDK_VERSION": "8.0.100", "DOTNET_RUNTIME_VERSION": "8.0.0"}
    build_vm.serve(wanted=old | {"MODULE_PESTER": "Pester:5.0.0"}, said=old)
    build_vm.install_everything()
    left_over = build_vm.root / "opt/microsoft/powershell/7/old.dll"
    left_over.touch()
    build_vm.serve()
    build_vm.install_everything()
    inventory = json.loads((build_vm.root / "etc/image-bakery/inventory.json").read_text())
    said = [(one["name"], one["version"]) for one in inventory["components"]]
    assert len(dict(said)) == len(said)
    assert ("PowerShell", VERSIONS["POWERSHELL_VERSION"]) in said
    assert ("PowerShell module Pester", VERSIONS["MODULE_PESTER"].partition(":")[2]) in said
    assert not left_over.exists()


def test_a_component_of_an_earlier_image_stays_in_the_inventory(build_vm: BuildVm) -> None:
    """Also where no script of this image installs it: a validator finds out whether it is still there."""
    build_vm.run("install_kubectl.sh")
    assert build_vm.run("write_inventory.sh").returncode == 0
    build_vm.run("install_bicep.sh")
    assert build_vm.run("write_inventory.sh").returncode == 0
    inventory = json.loads((build_vm.root / "etc/image-bakery/inventory.json").read_text())
    assert [one["name"] for one in inventory["components"]] == ["kubectl", "Bicep CLI"]
