"""Terraform in the version `latest`: what HashiCorp has signed, with the real gpg and keys of the tests."""

import hashlib
import json

from tests.customization import releases
from tests.customization.build_vm import BuildVm
from tests.customization.keys import Key


def _serve_the_newest_terraform(build_vm: BuildVm, key: Key, version: str = "1.99.0") -> str:
    """Let HashiCorp have a newer version than versions.env, signed; return the address of its archive."""
    build_vm.serve(wanted={"TERRAFORM_VERSION": "latest"})
    name = f"terraform_{version}_linux_amd64.zip"
    archive = releases.zipped({"terraform": releases.program("terraform", {"TERRAFORM_VERSION": version})})
    sums = f"{'0' * 64}  terraform_{version}_linux_arm64.zip\n{hashlib.sha256(archive).hexdigest()}  {name}\n".encode()
    folder = f"releases.hashicorp.com/terraform/{version}"
    build_vm.mirror.files |= {
        "checkpoint-api.hashicorp.com/v1/check/terraform": json.dumps(
            {"product": "terraform", "current_version": version, "alerts": []}
        ).encode(),
        f"{folder}/{name}": archive,
        f"{folder}/terraform_{version}_SHA256SUMS": sums,
        f"{folder}/terraform_{version}_SHA256SUMS.sig": key.sign(sums),
    }
    return f"{folder}/{name}"


def test_the_newest_terraform_is_installed_by_the_vendors_signature(build_vm: BuildVm, vendor_key: Key) -> None:
    _serve_the_newest_terraform(build_vm, vendor_key)
    ended = build_vm.run("install_terraform.sh")
    assert ended.returncode == 0, ended.stderr
    assert "Terraform: Terraform 1.99.0." in ended.stdout.splitlines()


def test_the_newest_terraform_is_refused_where_somebody_else_has_signed(build_vm: BuildVm, another_key: Key) -> None:
    _serve_the_newest_terraform(build_vm, another_key)
    ended = build_vm.run("install_terraform.sh")
    assert ended.returncode == 1
    assert "Terraform: FAILED at install_terraform.sh line " in ended.stderr
    assert "terraform_1.99.0_SHA256SUMS is not signed with HashiCorp's key." in ended.stderr


def test_the_newest_terraform_is_refused_where_a_byte_of_it_is_another(build_vm: BuildVm, vendor_key: Key) -> None:
    build_vm.mirror.fail(_serve_the_newest_terraform(build_vm, vendor_key), "changed")
    ended = build_vm.run("install_terraform.sh")
    assert ended.returncode == 1
    assert "terraform_1.99.0_linux_amd64.zip has the SHA256 " in ended.stderr


def test_the_newest_terraform_is_refused_where_there_is_none_for_the_machine(
    build_vm: BuildVm, vendor_key: Key
) -> None:
    _serve_the_newest_terraform(build_vm, vendor_key)
    sums = f"{'0' * 64}  terraform_1.99.0_darwin_arm64.zip\n".encode()
    address = "releases.hashicorp.com/terraform/1.99.0/terraform_1.99.0_SHA256SUMS"
    build_vm.mirror.files |= {address: sums, f"{address}.sig": vendor_key.sign(sums)}
    ended = build_vm.run("install_terraform.sh")
    assert ended.returncode == 1
    assert "terraform_1.99.0_SHA256SUMS does not name terraform_1.99.0_linux_amd64.zip." in ended.stderr


def test_an_answer_without_a_version_is_not_taken_for_one(build_vm: BuildVm, vendor_key: Key) -> None:
    _serve_the_newest_terraform(build_vm, vendor_key)
    build_vm.mirror.files["checkpoint-api.hashicorp.com/v1/check/terraform"] = b"<html>Sign in to the Wi-Fi</html>"
    ended = build_vm.run("install_terraform.sh")
    assert ended.returncode == 1
    assert "does not say which version is the newest." in ended.stderr
