"""The api versions that are answered, per namespace: those of the pinned SDKs and of the official specifications."""

import re

from local.simulated_azure.arm.messages import ArmError

API_VERSIONS = {
    "Microsoft.Authorization": ["2022-04-01"],
    "Microsoft.Compute": ["2023-07-03", "2026-03-03", "2026-04-01"],
    "Microsoft.ManagedIdentity": ["2023-01-31", "2024-11-30"],
    "Microsoft.Resources": ["2022-12-01", "2024-03-01", "2025-04-01"],
    "Microsoft.Storage": ["2023-05-01", "2026-09-01"],
    "Microsoft.VirtualMachineImages": ["2024-02-01", "2025-10-01"],
}
RESOURCES = "Microsoft.Resources"


def refuse_unknown_api_version(path: str, api_version: str) -> None:
    """Check the api version of a path.

    Raises:
        ArmError: 400, if it is missing or none that is answered here.
    """
    if not api_version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    namespace = _namespace(path)
    known = API_VERSIONS.get(namespace)
    if known is not None and api_version not in known:
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{api_version}' of '{namespace}'. "
            f"The supported api-versions are '{', '.join(known)}'.",
        )


def _namespace(path: str) -> str:
    """The provider that answers a path: the last one named, except where it is the object of the request."""
    named = re.findall("/providers/([^/]+)/[^/]+", path, re.IGNORECASE)
    last = str(named[-1]) if named else RESOURCES
    if not named or re.search("/providers/[^/]+/(un)?register$", path, re.IGNORECASE):
        return RESOURCES
    return next((namespace for namespace in API_VERSIONS if namespace.lower() == last.lower()), last)
