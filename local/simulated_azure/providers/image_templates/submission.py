"""What is refused at once when an image template is put: shape, name, identity, options that contradict each other."""

import re
from collections.abc import Iterator
from typing import Any

from local.simulated_azure.arm.messages import ArmError, Json
from local.simulated_azure.azure import Azure
from local.simulated_azure.providers.image_templates.known_properties import TEMPLATE, UPDATE
from local.simulated_azure.providers.image_templates.shape import problems

TEMPLATE_NAME = re.compile("[A-Za-z0-9-_.]{1,64}")
RUN_OUTPUT_NAME = TEMPLATE_NAME
CHECKSUM = re.compile("([0-9a-f]{64})?")
LONGEST_BUILD_MINUTES = 960


def refuse_bad_template(azure: Azure, name: str, body: Any) -> None:
    """Check a new template.

    Raises:
        ArmError: 400 `ValidationFailed` with every problem, or the identity service's own error.
    """
    if not TEMPLATE_NAME.fullmatch(name):
        raise _validation_failed([f"The name '{name}' must match ^{TEMPLATE_NAME.pattern}$."])
    found = [*problems(body or {}, TEMPLATE)]
    if not found:
        found = [*_contradictions(body["properties"]), *_identity_problems(body["identity"])]
    if found:
        raise _validation_failed(found)
    _refuse_missing_identities(azure, body)


def refuse_bad_update(azure: Azure, body: Any) -> None:
    """Check a PATCH: identity, tags, distribute and vmProfile can be changed, nothing else.

    Raises:
        ArmError: 400, likewise.
    """
    found = [*problems(body or {}, UPDATE)]
    if not found and body.get("identity"):
        found = [*_identity_problems(body["identity"])]
    if found:
        raise _validation_failed(found)
    _refuse_missing_identities(azure, body)


def identity_id(body: Json) -> str:
    """Id of the one user-assigned identity of a checked template."""
    return next(iter(body["identity"]["userAssignedIdentities"]))


def _validation_failed(found: list[str]) -> ArmError:
    return ArmError(400, "ValidationFailed", f"Validation failed: {' '.join(found)}")


def _identity_problems(identity: Json) -> Iterator[str]:
    if identity.get("type") != "UserAssigned" or len(identity.get("userAssignedIdentities") or {}) != 1:
        yield "An image template needs exactly one user assigned identity."


def _refuse_missing_identities(azure: Azure, body: Json) -> None:
    assigned: Json = (body.get("identity") or {}).get("userAssignedIdentities") or {}
    on_the_machine: list[str] = ((body.get("properties") or {}).get("vmProfile") or {}).get(
        "userAssignedIdentities"
    ) or []
    for identity in [*assigned, *on_the_machine]:
        if azure.resources.find(identity) is None:
            raise ArmError(
                400,
                "FailedIdentityOperation",
                f"Identity operation failed with error 'Failed to perform resource identity operation. Status: "
                f"'BadRequest'. Response: 'Resource '{identity}' was not found.''",
            )


def _contradictions(properties: Json) -> Iterator[str]:
    """Options that do not go together, and values out of bounds."""
    if not 0 <= (properties.get("buildTimeoutInMinutes") or 0) <= LONGEST_BUILD_MINUTES:
        yield f"'properties.buildTimeoutInMinutes' must be between 0 and {LONGEST_BUILD_MINUTES}."
    yield from _distribution_contradictions(properties["distribute"])
    yield from _network_contradictions((properties.get("vmProfile") or {}).get("vnetConfig") or {})
    validators: list[Json] = (properties.get("validate") or {}).get("inVMValidations") or []
    for step in [*(properties.get("customize") or []), *validators]:
        if step.get("runAsSystem") and not step.get("runElevated"):
            yield "'runAsSystem' can only be true when 'runElevated' is true."
        if not CHECKSUM.fullmatch(step.get("sha256Checksum") or ""):
            yield f"'sha256Checksum' must be 64 lower-case hexadecimal digits; it is '{step['sha256Checksum']}'."


def _distribution_contradictions(distributors: list[Json]) -> Iterator[str]:
    if not distributors:
        yield "'properties.distribute' must have at least one element."
    names = [distributor["runOutputName"] for distributor in distributors]
    for name in names:
        if not RUN_OUTPUT_NAME.fullmatch(name):
            yield f"The run output name '{name}' must match ^{RUN_OUTPUT_NAME.pattern}$."
    if len({name.lower() for name in names}) < len(names):
        yield "Run output names must be unique."
    for distributor in distributors:
        if distributor.get("replicationRegions") and distributor.get("targetRegions"):
            yield "'replicationRegions' and 'targetRegions' cannot both be given."


def _network_contradictions(network: Json) -> Iterator[str]:
    if network.get("containerInstanceSubnetId") and not network.get("subnetId"):
        yield "'containerInstanceSubnetId' needs 'subnetId'."
    if network.get("containerInstanceSubnetId") and network.get("proxyVmSize"):
        yield "'containerInstanceSubnetId' and 'proxyVmSize' cannot both be given."
