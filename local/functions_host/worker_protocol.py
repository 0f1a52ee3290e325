"""The messages between a functions host and the worker library, as plain classes.

The library takes the module of generated protobuf classes as an argument and only ever makes messages of it and reads
their fields; these stand-ins do just that. The names are those of FunctionRpc.proto in azure-functions-language-worker.
"""

from types import SimpleNamespace
from typing import Any


class TypedData:
    """One value of one kind: `http`, `json`, `string`, `bytes`, `int`, `double` ..."""

    def __init__(self, **data: Any) -> None:
        ((self.kind, self.value),) = data.items()
        setattr(self, self.kind, self.value)

    def WhichOneof(self, _group: str) -> str:  # noqa: N802  # protobuf's name
        """Return the kind, as protobuf does."""
        return self.kind


class StatusResult(SimpleNamespace):
    """Whether a request succeeded; `exception` says why not."""

    Failure = 0
    Success = 1


class BindingInfo(SimpleNamespace):
    """A binding of a function, as the worker describes it."""

    inout, out, undefined = 2, 1, 0


class _SameSite:
    Lax, Strict, ExplicitNone = 1, 2, 3


setattr(_SameSite, "None", 0)


class RpcHttpCookie(SimpleNamespace):
    """A cookie to set."""

    SameSite = _SameSite


PLAIN_MESSAGES = (
    "FunctionLoadResponse",
    "FunctionMetadataResponse",
    "InvocationResponse",
    "NullableBool",
    "NullableDouble",
    "NullableString",
    "NullableTimestamp",
    "ParameterBinding",
    "RpcException",
    "RpcFunctionMetadata",
    "RpcHttp",
    "RpcRetryOptions",
    "WorkerInitResponse",
    "WorkerMetadata",
)

PROTOS = SimpleNamespace(
    TypedData=TypedData,
    StatusResult=StatusResult,
    BindingInfo=BindingInfo,
    RpcHttpCookie=RpcHttpCookie,
    **{name: type(name, (SimpleNamespace,), {}) for name in PLAIN_MESSAGES},
)
