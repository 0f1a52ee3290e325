"""`stack.json`: where the parts of a running stack are, so that other programs can drive it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from local.certificates import write_secretly

NAME = "stack.json"


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
