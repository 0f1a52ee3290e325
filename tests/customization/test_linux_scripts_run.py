"""The scripts as they are, on a build VM whose commands are stand-ins."""

from pathlib import Path

import pytest

from tests.customization.build_vm import VERSIONS, BuildVm

POWERSHELL = "install_powershell.sh"
AZURE_CLI = "install_azure_cli.sh"
NAMES = {POWERSHELL: "PowerShell", AZURE_CLI: "Azure CLI"}
SCRIPTS = pytest.mark.parametrize("script", NAMES)


@SCRIPTS
def test_a_script_succeeds_and_says_what_it_found(build_vm: BuildVm, script: str) -> None:
    ended = build_vm.run(script)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == f"{NAMES[script]}: Done."
    assert not ended.stderr


def test_powershell_is_on_the_path_of_everyone(build_vm: BuildVm) -> None:
    build_vm.run(POWERSHELL)
    link = build_vm.root / "usr/local/bin/pwsh"
    assert link.resolve() == build_vm.root / "opt/microsoft/powershell/7/pwsh"
    assert link.stat().st_mode & 0o555 == 0o555
    assert "apt-get install --yes --quiet" in "\n".join(build_vm.calls)


def test_the_azure_cli_comes_from_the_repository_of_the_release_that_runs(build_vm: BuildVm) -> None:
    build_vm.release("ubuntu", "thenextone")
    build_vm.run(AZURE_CLI)
    source = (build_vm.root / "etc/apt/sources.list.d/azure-cli.sources").read_text()
    assert "Suites: thenextone\n" in source
    assert "Signed-By: /etc/apt/keyrings/microsoft.asc\n" in source
    assert (build_vm.root / "etc/apt/keyrings/microsoft.asc").read_text() == "a key\n"
    installed = next(call for call in build_vm.calls if "azure-cli=" in call)
    assert f"azure-cli={VERSIONS['AZURE_CLI_VERSION_PREFIX']}*" in installed


def test_the_extension_is_installed_for_all_users_at_its_version(build_vm: BuildVm) -> None:
    build_vm.run(AZURE_CLI)
    added = next(call for call in build_vm.calls if call.startswith("az extension add"))
    assert f"--version {VERSIONS['AZURE_DEVOPS_EXTENSION_VERSION']} --system --yes" in added


@SCRIPTS
def test_the_check_at_the_end_is_made_by_another_user(build_vm: BuildVm, script: str) -> None:
    build_vm.run(script)
    checks = [call for call in build_vm.calls if call.startswith("runuser")]
    assert checks
    assert all(check.startswith("runuser --user nobody -- env --ignore-environment") for check in checks)


@SCRIPTS
def test_a_script_gives_the_same_result_in_another_working_folder_and_again(
    build_vm: BuildVm, script: str, tmp_path: Path
) -> None:
    first = build_vm.run(script)
    calls = len(build_vm.calls)
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    second = build_vm.run(script, folder=elsewhere)
    assert (second.returncode, second.stdout) == (first.returncode, first.stdout)
    assert len(build_vm.calls) == calls
    assert not list(elsewhere.iterdir())


@SCRIPTS
def test_no_question_is_asked_although_nobody_said_so(build_vm: BuildVm, script: str) -> None:
    """The stand-in for apt-get fails where the script allows a question, and hangs where it leaves an input open."""
    build_vm.environment.pop("DEBIAN_FRONTEND", None)
    assert build_vm.run(script).returncode == 0
    assert all(" --yes " in call for call in build_vm.calls if call.startswith("apt-get"))
    assert all("DPkg::Lock::Timeout" in call for call in build_vm.calls if call.startswith("apt-get"))


@SCRIPTS
def test_a_download_that_fails_fails_the_script_and_names_the_component(build_vm: BuildVm, script: str) -> None:
    build_vm.turn("curl", 99)
    ended = build_vm.run(script)
    assert ended.returncode == 1
    assert f"{NAMES[script]}: FAILED at {script} line " in ended.stderr
    assert "https://" in ended.stderr
    assert ended.stderr.rstrip().endswith("failed 5 times.")
    assert sum(call.startswith("curl") for call in build_vm.calls) == 5
    assert not any(call.startswith("runuser") for call in build_vm.calls)


@SCRIPTS
@pytest.mark.parametrize("knob", ["curl", "apt-get-update", "apt-get-install"])
def test_a_first_failure_is_tried_again(build_vm: BuildVm, script: str, knob: str) -> None:
    build_vm.turn(knob, 1)
    ended = build_vm.run(script)
    assert ended.returncode == 0, ended.stderr
    assert "failed (try 1 of 5)." in ended.stdout


@SCRIPTS
@pytest.mark.parametrize("verb", ["update", "install"])
def test_an_apt_get_that_keeps_failing_fails_the_script(build_vm: BuildVm, script: str, verb: str) -> None:
    build_vm.turn(f"apt-get-{verb}", 99)
    ended = build_vm.run(script)
    assert ended.returncode == 1
    assert f"{NAMES[script]}: FAILED at {script} line " in ended.stderr
    assert f"apt-get {verb}" in ended.stderr


def test_one_changed_byte_of_a_download_fails_the_script(build_vm: BuildVm) -> None:
    archive = next((build_vm.folder / "served").glob("*.tar.gz"))
    archive.write_bytes(archive.read_bytes() + b"\0")
    ended = build_vm.run(POWERSHELL)
    assert ended.returncode == 1
    assert f"PowerShell: FAILED at {POWERSHELL} line " in ended.stderr
    assert f"{archive.name} has the SHA-256 " in ended.stderr
    assert not (build_vm.root / "usr/local/bin/pwsh").exists()


def test_a_key_with_another_fingerprint_fails_the_script_before_anything_is_trusted(build_vm: BuildVm) -> None:
    build_vm.turn("key", "0000000000000000000000000000000000000000")
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode == 1
    assert "Azure CLI: FAILED" in ended.stderr
    assert f"versions.env says {VERSIONS['MICROSOFT_KEY_FINGERPRINT']}" in ended.stderr
    assert not (build_vm.root / "etc/apt").exists()


def test_a_second_key_in_the_file_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.turn("key", f"{VERSIONS['MICROSOFT_KEY_FINGERPRINT']}:\npub:-:\nfpr:::::::::ANOTHER")
    assert build_vm.run(AZURE_CLI).returncode == 1


def test_a_tool_that_is_not_there_at_the_end_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.turn("no-az", "")
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode != 0
    assert "Azure CLI: FAILED" in ended.stderr


def test_an_extension_that_cannot_be_added_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.turn("az-extension-add", 3)
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode == 1
    assert "az extension add failed 5 times." in ended.stderr


@pytest.mark.parametrize(
    ("knob", "said"), [("az-version", "2.1.0"), ("extension-version", "0.1.0"), ("extension-version", "")]
)
def test_another_version_of_the_azure_cli_than_asked_for_fails_the_script(
    build_vm: BuildVm, knob: str, said: str
) -> None:
    build_vm.turn(knob, said)
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode == 1
    assert f"says '{said}' where" in ended.stderr


def test_another_version_of_powershell_than_asked_for_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.serve_powershell(VERSIONS["POWERSHELL_VERSION"] + "0")
    ended = build_vm.run(POWERSHELL)
    assert ended.returncode == 1
    assert "is expected" in ended.stderr


def test_a_powershell_that_does_not_run_fails_the_script(build_vm: BuildVm) -> None:
    build_vm.serve_powershell("; exit 1")
    ended = build_vm.run(POWERSHELL)
    assert ended.returncode == 1
    assert "'pwsh --version' does not work for other users of the image." in ended.stderr


def test_another_distribution_is_refused(build_vm: BuildVm) -> None:
    build_vm.release("debian", "something")
    ended = build_vm.run(AZURE_CLI)
    assert ended.returncode == 1
    assert "this is 'debian something', not a release of Ubuntu." in ended.stderr
    assert not any(call.startswith("apt-get") for call in build_vm.calls)


@SCRIPTS
@pytest.mark.parametrize("file", ["installation.sh", "versions.env"])
def test_a_missing_file_is_named_in_one_sentence(build_vm: BuildVm, script: str, file: str) -> None:
    (build_vm.folder / "files" / file).unlink()
    ended = build_vm.run(script)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert f"{build_vm.folder}/files/{file} is missing" in ended.stderr


@SCRIPTS
def test_the_build_user_becomes_root_without_a_password(build_vm: BuildVm, script: str) -> None:
    build_vm.turn("user", 1000)
    build_vm.run(script)
    assert build_vm.calls[-1].startswith("sudo --non-interactive bash ")
    assert build_vm.calls[-1].endswith(script)


@SCRIPTS
def test_nothing_stays_in_the_temporary_folder(build_vm: BuildVm, script: str, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    build_vm.environment["TMPDIR"] = str(temporary)
    build_vm.run(script)
    assert not list(temporary.iterdir())
