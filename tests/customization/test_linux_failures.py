"""The Linux scripts where something fails: each ends with an exit code that is not 0 and names its component."""

from pathlib import Path

import pytest

from policies.upkeep.script_contents import as_built
from tests.customization import releases
from tests.customization.build_vm import (
    CUSTOMIZATION,
    HASHICORP_KEY,
    INSTALLATIONS,
    MICROSOFT_KEY,
    PARTS_OF_AZ,
    SCRIPTS,
    VERSIONS,
    BuildVm,
)
from tests.customization.keys import Key

POWERSHELL, AZURE_CLI, TERRAFORM = "install_powershell.sh", "install_azure_cli.sh", "install_terraform.sh"
MODULES = "install_powershell_modules.sh"
RELEASES = releases.addresses(VERSIONS, "amd64")
SCRIPT_OF = {
    key: next(script for script in INSTALLATIONS if f"_{key.split('_')[0].lower()}" in script) for key in RELEASES
}
# Everything that a script downloads, by the script; `latest` of Terraform apart.
DOWNLOADS = {address: SCRIPT_OF[key] for key, address in RELEASES.items()} | {MICROSOFT_KEY: AZURE_CLI}
DOWNLOADING = sorted(set(DOWNLOADS.values()))
EACH_DOWNLOADING = pytest.mark.parametrize("script", DOWNLOADING)
EACH_SCRIPT = pytest.mark.parametrize("script", SCRIPTS)
EACH_RELEASE = pytest.mark.parametrize("key", RELEASES)


def failed(build_vm: BuildVm, script: str) -> str:
    """Run a script that must fail; return what it says at the end."""
    ended = build_vm.run(script)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"{SCRIPTS[script]}: FAILED at {script} line ")
    assert not ended.stdout.endswith("Done.\n")
    assert not (build_vm.root / "etc/image-bakery/inventory.json").exists()
    assert not list((build_vm.folder / "temporary").iterdir())
    return last


@EACH_DOWNLOADING
def test_without_a_network_a_script_fails(build_vm: BuildVm, script: str) -> None:
    (build_vm.folder / ".curlrc").write_text('connect-to = "::127.0.0.1:1"\n')
    assert failed(build_vm, script).endswith("failed 2 times.")


@pytest.mark.parametrize(("address", "script"), DOWNLOADS.items())
def test_a_page_that_says_404_is_not_taken_for_the_download(build_vm: BuildVm, address: str, script: str) -> None:
    build_vm.mirror.fail(address, "404")
    assert failed(build_vm, script).endswith(f"The download of https://{address} failed 2 times.")
    assert build_vm.mirror.requests.count(address) == 2


@pytest.mark.parametrize(("address", "script"), DOWNLOADS.items())
def test_a_download_that_breaks_off_once_is_tried_again(build_vm: BuildVm, address: str, script: str) -> None:
    build_vm.mirror.fail(address, "truncated", times=1)
    ended = build_vm.run(script)
    assert ended.returncode == 0, ended.stderr
    assert f"The download of https://{address} failed (try 1 of 2)." in ended.stdout
    assert build_vm.mirror.requests.count(address) == 2


@pytest.mark.parametrize("fault", ["503", "dropped", "truncated", "stalled"])
def test_whatever_keeps_spoiling_a_download_fails_the_script(build_vm: BuildVm, fault: str) -> None:
    build_vm.environment |= {"STALL_SECONDS": "1", "RETRY_TRIES": "1"}
    address = RELEASES["BICEP_SHA256_AMD64"]
    build_vm.mirror.fail(address, fault)  # pyright: ignore[reportArgumentType]  # the parameter is a plain str
    assert failed(build_vm, "install_bicep.sh").endswith(f"{address} failed 1 times.")


@EACH_RELEASE
def test_one_changed_byte_fails_the_script_before_anything_is_installed(build_vm: BuildVm, key: str) -> None:
    build_vm.mirror.fail(RELEASES[key], "changed")
    said = failed(build_vm, SCRIPT_OF[key])
    assert f"{RELEASES[key].rpartition('/')[2]} has the SHA" in said
    assert not any((build_vm.root / part).exists() for part in ("usr/local", "opt", "usr/share"))


def test_one_byte_too_many_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.mirror.fail(RELEASES["KUBECTL_SHA256_AMD64"], "longer")
    assert "kubectl has the SHA256 " in failed(build_vm, "install_kubectl.sh")


def test_a_server_that_the_machine_does_not_trust_fails_the_script(build_vm: BuildVm) -> None:
    port = build_vm.mirror.port
    (build_vm.folder / ".curlrc").write_text(f'connect-to = "::127.0.0.1:{port}"\n')
    assert failed(build_vm, "install_azcopy.sh").endswith("failed 2 times.")
    assert build_vm.mirror.requests == []


@pytest.mark.parametrize(("script", "key"), [(AZURE_CLI, MICROSOFT_KEY), (TERRAFORM, HASHICORP_KEY)])
def test_a_key_with_another_fingerprint_fails_the_script_before_anything_is_trusted(
    build_vm: BuildVm, another_key: Key, script: str, key: str
) -> None:
    build_vm.serve(wanted={"TERRAFORM_VERSION": "latest"})
    build_vm.mirror.files |= {
        key: another_key.public,
        "checkpoint-api.hashicorp.com/v1/check/terraform": b'{"current_version": "1.99.0"}',
    }
    said = failed(build_vm, script)
    assert f"holds the key {another_key.fingerprint}, but versions.env says {build_vm.fingerprint}." in said
    assert not (build_vm.root / "etc/apt").exists()


def test_a_second_key_in_the_file_fails_the_script(build_vm: BuildVm, vendor_key: Key, another_key: Key) -> None:
    build_vm.mirror.files[MICROSOFT_KEY] = vendor_key.public + another_key.public
    assert "microsoft.asc holds the key" in "\n".join(build_vm.run(AZURE_CLI).stderr.splitlines())
    assert not (build_vm.root / "etc/apt").exists()


@EACH_DOWNLOADING
@pytest.mark.parametrize("verb", ["update", "install"])
def test_an_apt_get_that_keeps_failing_fails_the_script(build_vm: BuildVm, script: str, verb: str) -> None:
    build_vm.turn(f"apt-get-{verb}", 99)
    said = failed(build_vm, script)
    assert f"apt-get {verb}" in said
    assert said.endswith("failed 2 times.")


def test_an_apt_get_that_fails_once_is_tried_again(build_vm: BuildVm) -> None:
    build_vm.turn("apt-get-update", 1)
    build_vm.turn("apt-get-install", 1)
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("failed (try 1 of 2).") == 2


@EACH_DOWNLOADING
def test_a_package_that_apt_does_not_know_fails_the_script(build_vm: BuildVm, script: str) -> None:
    build_vm.turn("unknown-package", "ca-certificates")
    assert "apt-get install ca-certificates" in failed(build_vm, script)


@EACH_RELEASE
def test_another_version_than_asked_for_fails_the_script(build_vm: BuildVm, key: str) -> None:
    build_vm.serve(said={f"{key.rsplit('_', 2)[0]}_VERSION": "0.0.1"})
    assert "says '0.0.1' where" in failed(build_vm, SCRIPT_OF[key])


@EACH_RELEASE
def test_a_program_that_does_not_run_fails_the_script(build_vm: BuildVm, key: str) -> None:
    """As where its libraries are missing."""
    build_vm.serve(said={"body": "exit 127"})
    assert failed(build_vm, SCRIPT_OF[key]).endswith(" does not work for other users of the image.")


def test_a_runtime_of_another_version_than_asked_for_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.serve(said={"DOTNET_RUNTIME_VERSION": "9.0.0"})
    assert "says '9.0.0' where" in failed(build_vm, "install_dotnet.sh")


def test_a_tool_that_is_not_there_at_the_end_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.turn("no-az", "")
    failed_script = build_vm.run(AZURE_CLI)
    assert failed_script.returncode != 0
    assert "Azure CLI: FAILED" in failed_script.stderr


def test_an_extension_that_cannot_be_added_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.turn("az-extension-add", 3)
    assert failed(build_vm, AZURE_CLI).endswith("az extension add failed 2 times.")


@pytest.mark.parametrize(
    ("knob", "said", "sentence"),
    [
        ("az-version", "2.1.0", "says '2.1.0' where"),
        ("extension-version", "0.1.0", "says '0.1.0' where"),
        ("extension-version", "", "says no version of Azure CLI extension azure-devops."),
    ],
)
def test_another_version_of_the_azure_cli_than_asked_for_fails_the_script(
    build_vm: BuildVm, knob: str, said: str, sentence: str
) -> None:
    build_vm.turn(knob, said)
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode == 1
    assert sentence in ended.stderr


@pytest.mark.parametrize("module", ["JWTDetails", PARTS_OF_AZ[-1].partition(":")[0]])
def test_a_module_that_the_gallery_does_not_have_fails_the_script(build_vm: BuildVm, module: str) -> None:
    build_vm.run(POWERSHELL)
    build_vm.turn("not-in-the-gallery", module)
    ended = build_vm.run(MODULES)
    assert ended.returncode == 1
    assert f"Package(s) '{module}' could not be installed." in ended.stderr
    assert ended.stderr.rstrip().endswith("Install-PSResource failed 2 times.")


def test_an_az_without_parts_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.run(POWERSHELL)
    (build_vm.folder / "knobs/parts-of-az").write_text("")
    ended = build_vm.run(MODULES)
    assert ended.returncode == 1
    assert f"/Az/{VERSIONS['MODULE_AZ'][3:]}/Az.psd1 names no parts." in ended.stderr


def test_modules_without_powershell_fail_the_script(build_vm: BuildVm) -> None:
    assert failed(build_vm, MODULES).endswith("Install-PSResource failed 2 times.")


def test_another_distribution_is_refused(build_vm: BuildVm) -> None:
    build_vm.release("debian", "something")
    assert failed(build_vm, AZURE_CLI).endswith("this is 'debian something', not a release of Ubuntu.")
    assert not any(call.startswith("apt-get") for call in build_vm.calls)


@pytest.mark.parametrize("script", sorted({SCRIPT_OF[key] for key in RELEASES}))
def test_another_architecture_is_refused(build_vm: BuildVm, script: str) -> None:
    """Of the Azure CLI apt knows it."""
    build_vm.turn("architecture", "riscv64")
    assert failed(build_vm, script).endswith("there is no release for the architecture riscv64.")


@EACH_SCRIPT
@pytest.mark.parametrize("file", ["installation.sh", "versions.env"])
def test_a_missing_file_is_named_in_one_sentence(build_vm: BuildVm, script: str, file: str) -> None:
    (build_vm.folder / "files" / file).unlink()
    ended = build_vm.run(script)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert f"{build_vm.folder}/files/{file} is missing" in ended.stderr


@EACH_SCRIPT
def test_the_build_user_becomes_root_without_a_password(build_vm: BuildVm, script: str) -> None:
    build_vm.turn("user", 1000)
    build_vm.run(script)
    assert build_vm.calls[-1].startswith("sudo --non-interactive bash ")
    assert build_vm.calls[-1].endswith(script)


@pytest.mark.parametrize("path", sorted((CUSTOMIZATION / "linux").iterdir()), ids=lambda path: path.name)
def test_a_script_that_was_saved_with_windows_line_ends_is_built_with_as_it_is(path: Path) -> None:
    content = path.read_bytes()
    assert as_built(content.replace(b"\n", b"\r\n")) == content
