"""Indexes a function app and calls its functions, through Microsoft's own worker library (azure-functions-runtime)."""

import json
import logging
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from local.functions_host.worker_protocol import PROTOS, TypedData

LOGGER = logging.getLogger("functions_host.worker")

type Binding = dict[str, Any]

SERVED = frozenset(
    f"{kind}trigger" for kind in ("http", "timer", "blob", "eventgrid", "orchestration", "activity", "entity")
)


class FunctionFailedError(Exception):
    """A function raised; its stack is in the log already."""

    def __init__(self, message: str, stack: str) -> None:
        super().__init__(message)
        self.stack = stack


@dataclass(frozen=True)
class Function:
    """A function of the app with its bindings, as the worker library indexed it."""

    name: str
    id: str
    bindings: tuple[Binding, ...]

    @property
    def trigger(self) -> Binding:
        """The binding that starts it."""
        return next(binding for binding in self.bindings if binding["type"].lower().endswith("trigger"))

    @property
    def trigger_type(self) -> str:
        """The type of the trigger in lower case, such as `httptrigger`."""
        return self.trigger["type"].lower()

    def bindings_of(self, kind: str) -> list[Binding]:
        """Return the bindings of a type, whatever its case."""
        return [binding for binding in self.bindings if binding["type"].lower() == kind]


class FunctionsWorker:
    """One function app in this process; a process can index only one, once."""

    def __init__(self, durable_client: str) -> None:
        """`durable_client` is what the host gives each durable client binding, as JSON."""
        self._durable_client = durable_client
        self.functions: dict[str, Function] = {}

    async def index(self, app_folder: Path) -> None:
        """Index the app in a folder; raises FunctionFailedError with the library's reason."""
        sys.path.insert(0, str(app_folder))
        runtime.start_threadpool_executor()
        request = SimpleNamespace(
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(app_folder))
            ),
            properties={"host": "127.0.0.1", "protos": PROTOS},
        )
        answer = await runtime.worker_init_request(request)
        _raise_failure("(indexing)", answer.result)
        metadata = await runtime.functions_metadata_request(None)
        for one in metadata.function_metadata_results or []:
            bindings = tuple(json.loads(binding) for binding in one.raw_bindings)
            function = Function(one.name, one.function_id, bindings)
            load = SimpleNamespace(function_id=function.id)
            loaded = await runtime.function_load_request(
                SimpleNamespace(request=SimpleNamespace(function_load_request=load))
            )
            _raise_failure(function.name, loaded.result)
            if function.trigger_type not in SERVED:
                LOGGER.warning("%s is never called: this host serves no %s.", function.name, function.trigger["type"])
            self.functions[function.name] = function

    def of_type(self, trigger_type: str) -> list[Function]:
        """Return the functions with a trigger of this type (in lower case)."""
        return [function for function in self.functions.values() if function.trigger_type == trigger_type]

    async def invoke(
        self, function: Function, data: TypedData, trigger_metadata: dict[str, TypedData] | None = None
    ) -> Any:
        """Call a function with the data of its trigger; returns the TypedData of its answer, or None.

        Raises FunctionFailedError where the function does.
        """
        inputs = {function.trigger["name"]: data}
        inputs |= {
            binding["name"]: TypedData(string=self._durable_client) for binding in function.bindings_of("durableclient")
        }
        invocation = SimpleNamespace(
            invocation_id=str(uuid.uuid4()),
            function_id=function.id,
            input_data=[SimpleNamespace(name=name, data=value, WhichOneof=_one_of) for name, value in inputs.items()],
            trigger_metadata=trigger_metadata or {},
            trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )
        began = time.monotonic()
        answer = await runtime.invocation_request(
            SimpleNamespace(request=SimpleNamespace(invocation_request=invocation))
        )
        LOGGER.info("%s took %.0f ms.", function.name, (time.monotonic() - began) * 1000)
        _raise_failure(function.name, answer.result)
        return answer.return_value


def _raise_failure(name: str, result: Any) -> None:
    if result.status != PROTOS.StatusResult.Success:
        failure = result.exception
        LOGGER.error("%s failed: %s\n%s", name, failure.message, failure.stack_trace)
        raise FunctionFailedError(failure.message, failure.stack_trace)


def _one_of(_group: str) -> str:
    """Return the member of a parameter binding that is set: always its data."""
    return "data"
