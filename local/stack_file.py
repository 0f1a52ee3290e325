"""`stack.json`: where the parts of a running stack are, so that other programs can drive it.

Beside it lies what its functions host was started with, for hosts that join later.
"""

import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from local.certificates import write_secretly

NAME = "stack.json"
HOST_SETTINGS = "functions-host.json"


class _Camel(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class FunctionsPart(_Camel):
    """The functions host: its address (without `/api`) and its keys."""

    url: str
    function_key: str
    master_key: str
    system_key: str
    pid: int


class ArmPart(_Camel):
    """Azure Resource Manager, simulated or not; `pid` is None where it was there before."""

    url: str
    pid: int | None


class IdentityPart(_Camel):
    """The managed-identity endpoint; None where the operator's own sign-in is used."""

    endpoint: str | None
    header: str | None


class BlobPart(_Camel):
    """The app's own storage account: its blob endpoint, name, and how to sign in with a key (None if it was there)."""

    url: str
    account: str
    connection_string: str | None
    pid: int | None


class DurablePart(_Camel):
    """The durable backend, as host:port."""

    address: str
    pid: int


class Stack(_Camel):
    """A running stack; `ca_file` holds every authority that its parts are to be trusted by."""

    functions: FunctionsPart
    arm: ArmPart
    identity: IdentityPart
    blob: BlobPart
    durable: DurablePart
    ca_file: str
    subscriptions: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write `stack.json`; it holds keys, so only its owner may read it."""
        write_secretly(folder / NAME, self.model_dump_json(indent=2))

    @classmethod
    def read(cls, file: Path) -> "Stack":
        """Read a `stack.json`."""
        return cls.model_validate_json(file.read_text(encoding="utf-8"))


class HostSettings(_Camel):
    """What every functions host of a stack is started with; `environment` holds the keys, too."""

    app_folder: Path
    backend: str
    environment: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write them for hosts that join; only their owner may read them."""
        write_secretly(folder / HOST_SETTINGS, self.model_dump_json(indent=2))

    @classmethod
    def read(cls, folder: Path) -> "HostSettings":
        """Read those of the stack in a folder."""
        return cls.model_validate_json((folder / HOST_SETTINGS).read_text(encoding="utf-8"))

    def command(self, port: int) -> list[str]:
        """Return the command of a functions host, to be run in the project's folder."""
        module = [sys.executable, "-m", "local.functions_host"]
        return [*module, "--app-folder", str(self.app_folder), "--backend", self.backend, "--port", str(port)]
