"""Keys for signatures, made by the real gpg and gone with the tests."""

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Key:
    """A key pair in a keyring of its own."""

    home: str
    fingerprint: str
    public: bytes

    def sign(self, content: bytes) -> bytes:
        """Return a detached signature."""
        return _gpg(self.home, "--detach-sign", content=content)


@contextmanager
def a_key(name: str) -> Generator[Key]:
    """Make a key pair; the agent that gpg starts for it ends with the context."""
    # Not a folder of pytest's: the path of the agent's socket must stay short.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o700)
        try:
            _gpg(home, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never")
            listed = _gpg(home, "--with-colons", "--list-keys").decode().splitlines()
            fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr"))
            yield Key(home, fingerprint, _gpg(home, "--armor", "--export"))
        finally:
            subprocess.run(
                ["/usr/bin/env", "gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True
            )


def _gpg(home: str, *arguments: str, content: bytes = b"") -> bytes:
    command = ["/usr/bin/env", "gpg", "--homedir", home, "--batch", "--quiet", *arguments]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout
