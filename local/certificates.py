"""The local certificate authority: made at first start, kept in the stack's folder, trusted by nobody else."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority, and a certificate for this machine's own addresses that it issued."""

    ca_file: Path
    certificate: Path
    private_key: Path


def local_certificates(folder: Path) -> Certificates:
    """Return the certificates in a folder, made if they are not there."""
    files = Certificates(folder / "ca.pem", folder / "certificate.pem", folder / "private-key.pem")
    if not all(file.exists() for file in (files.ca_file, files.certificate, files.private_key)):
        authority = trustme.CA(organization_name="Image Bakery local stack")
        server = authority.issue_cert(*NAMES)
        files.private_key.touch(mode=0o600)
        server.private_key_pem.write_to_path(files.private_key)
        server.cert_chain_pems[0].write_to_path(files.certificate)
        authority.cert_pem.write_to_path(files.ca_file)
    return files


def trust_bundle(folder: Path, ca_file: Path, *, others: Path | None, system: bool) -> Path:
    """Return a PEM file with our authority, the `others` and, if asked for, those that the system trusts.

    Real services are only among the parts of a stack where the operator asked for it.
    """
    bundle = folder / "ca-bundle.pem"
    parts = [ca_file.read_text(encoding="ascii")]
    if others is not None:
        parts.append(others.read_text(encoding="utf-8"))
    if system:
        parts += [ssl.DER_cert_to_PEM_cert(der) for der in ssl.create_default_context().get_ca_certs(binary_form=True)]
    bundle.write_text("\n".join(parts), encoding="utf-8")
    return bundle


def write_secretly(file: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step: a reader sees the old text or the new one."""
    draft = file.with_suffix(file.suffix + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)
