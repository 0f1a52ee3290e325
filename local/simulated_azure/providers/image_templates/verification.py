"""What the service looks at while it creates a template: source, targets, rights, scripts."""

import hashlib
from collections.abc import Iterator

from local.simulated_azure.access.decisions import may
from local.simulated_azure.arm.messages import Json
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.azure import Azure
from local.simulated_azure.blob_pool import BlobError
from local.simulated_azure.providers import storage
from local.simulated_azure.providers.image_templates.rejection import PROVISIONING_ERROR_CODES, Rejection
from local.simulated_azure.providers.image_templates.sources import SourceImage, resolve_source, security_type_of
from local.simulated_azure.providers.image_templates.submission import identity_id

READ_VERSIONS = "Microsoft.Compute/galleries/images/versions/read"
READ_IMAGES = "Microsoft.Compute/images/read"
WRITE_VERSIONS = "Microsoft.Compute/galleries/images/versions/write"
WRITE_IMAGES = "Microsoft.Compute/images/write"
WRITE_MACHINES = "Microsoft.Compute/virtualMachines/write"
READ_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
LARGEST_FILE_BYTES = 20 * 1024 * 1024


async def verify(azure: Azure, template: Resource) -> None:
    """Check all that the template names; note the exact source version and the checksums of the scripts in it.

    Raises:
        Rejection: The first problem.
    """
    fault = azure.faults.take("template", template.id)
    if fault is not None:
        shown = fault.code if fault.code in PROVISIONING_ERROR_CODES else "ServerError"
        raise Rejection(shown, fault.code, fault.message, fault.outcome)
    identity = azure.resources.find(identity_id(template.body))
    if identity is None:
        raise Rejection("Other", "ValidationFailed", "The user assigned identity no longer exists.")
    principal_id: str = identity.properties["principalId"]
    source = resolve_source(azure, template.properties["source"])
    _verify_source_right(azure, template.properties["source"], principal_id)
    if source.exact_version:
        template.properties["source"]["exactVersion"] = source.exact_version
    for distributor in template.properties["distribute"]:
        _verify_target(azure, distributor, source, principal_id)
    _verify_staging_group(azure, template, principal_id)
    for step, missing_script in _script_steps(template.properties):
        await _verify_step(azure, step, principal_id, missing_script)


def _verify_source_right(azure: Azure, source: Json, principal_id: str) -> None:
    match source["type"]:
        case "SharedImageVersion":
            scope = source["imageVersionId"]
            _verify_right(azure, principal_id, READ_VERSIONS, scope, "BadSharedImageVersionSource")
        case "ManagedImage":
            _verify_right(azure, principal_id, READ_IMAGES, source["imageId"], "BadManagedImageSource")
        case _:
            pass  # everybody may read the marketplace


def _verify_target(azure: Azure, distributor: Json, source: SourceImage, principal_id: str) -> None:
    match distributor["type"]:
        case "SharedImage":
            definition_id = distributor["galleryImageId"].partition("/versions/")[0]
            _verify_definition(azure, definition_id, source)
            _verify_right(azure, principal_id, WRITE_VERSIONS, definition_id, "BadSharedImageDistribute")
        case "ManagedImage":
            group_id = distributor["imageId"].lower().partition("/providers/")[0]
            if azure.resources.find(group_id) is None:
                raise Rejection("BadDistributeType", "ValidationFailed", f"The group '{group_id}' was not found.")
            _verify_right(azure, principal_id, WRITE_IMAGES, distributor["imageId"], "BadDistributeType")
        case _:
            pass  # a VHD is left in the staging group


def _verify_definition(azure: Azure, definition_id: str, source: SourceImage) -> None:
    """What cannot be changed in an image must agree with the definition."""
    definition = azure.resources.find(definition_id)
    if definition is None:
        raise Rejection(
            "BadSharedImageDistribute",
            "ValidationFailed",
            f"Distribute (SharedImage): the gallery image '{definition_id}' was not found.",
        )
    wanted = definition.properties
    pairs = {
        "OS type": (source.os, wanted["osType"]),
        "Hyper-V generation": (source.generation, wanted["hyperVGeneration"]),
        "architecture": (source.architecture, wanted["architecture"]),
        "purchase plan": (source.plan, wanted.get("purchasePlan")),
    }
    differing = [f"{name} ({mine} / {theirs})" for name, (mine, theirs) in pairs.items() if mine != theirs]
    needs_trust = security_type_of(wanted).startswith("TrustedLaunch")
    if needs_trust and not source.security_type.startswith("TrustedLaunch"):
        differing.append(f"security type ({source.security_type} / {security_type_of(wanted)})")
    if differing:
        raise Rejection(
            "BadSharedImageDistribute",
            "ValidationFailed",
            f"The source image and the gallery image '{definition.id}' do not match: {', '.join(differing)}.",
        )


def _verify_staging_group(azure: Azure, template: Resource, principal_id: str) -> None:
    """An own staging group that exists must be empty, in the template's region, and open to the identity."""
    group_id: str | None = template.properties.get("stagingResourceGroup")
    group = azure.resources.find(group_id) if group_id else None
    if group is None:
        return
    if group.body["location"] != template.body["location"]:
        message = f"The staging resource group '{group.id}' must be in the region '{template.body['location']}'."
        raise Rejection("BadStagingResourceGroup", "ValidationFailed", message)
    if any("location" in resource.body for resource in azure.resources.under(group.id)):
        message = f"The staging resource group '{group.id}' must be empty."
        raise Rejection("BadStagingResourceGroup", "ValidationFailed", message)
    _verify_right(azure, principal_id, WRITE_MACHINES, group.id, "BadStagingResourceGroup")


def _verify_right(azure: Azure, principal_id: str, action: str, scope: str, provisioning_error_code: str) -> None:
    if not may(azure, principal_id, action, scope):
        raise Rejection(
            provisioning_error_code,
            "AuthorizationFailed",
            f"AuthorizationFailed: The client with object id '{principal_id}' does not have authorization to perform "
            f"action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
            "refresh your credentials.",
        )


def _script_steps(properties: Json) -> Iterator[tuple[Json, str]]:
    """What may name a script, each with the code for one that names none."""
    for step in properties.get("customize") or []:
        yield step, "NoCustomizerScript"
    for step in (properties.get("validate") or {}).get("inVMValidations") or []:
        yield step, "NoValidatorScript"
    workload = (properties.get("optimize") or {}).get("workload")
    if workload and workload.get("scriptUri"):
        yield workload, "NoCustomizerScript"


async def _verify_step(azure: Azure, step: Json, principal_id: str, missing_script: str) -> None:
    uri: str | None = step.get("scriptUri") or step.get("sourceUri")
    if step.get("type") in {"Shell", "PowerShell"} and bool(uri) == bool(step.get("inline")):
        raise Rejection(
            missing_script,
            "ValidationFailed",
            f"The step '{step.get('name') or step['type']}' needs either a scriptUri or inline commands.",
        )
    if not uri:
        return
    content = await _download(azure, uri, principal_id)
    if content is None:
        return
    checksum = hashlib.sha256(content).hexdigest()
    if step.get("sha256Checksum") and step["sha256Checksum"] != checksum:
        message = f"Checksum mismatch: the content has the sha256 checksum {checksum}."
        raise _download_rejection(uri, message)
    step["sha256Checksum"] = checksum


async def _download(azure: Azure, uri: str, principal_id: str) -> bytes | None:
    """Content of the script; None for an address outside of the simulation, which nobody can read here."""
    account = _account_of(azure, uri)
    if account is None:
        if ".blob.core.windows.net/" in uri or (azure.blobs.endpoint and uri.startswith(azure.blobs.endpoint)):
            raise _download_rejection(uri, "The storage account could not be found.")
        return None
    endpoint: str = account.properties["primaryEndpoints"]["blob"]
    container = uri.removeprefix(endpoint).partition("/")[0]
    scope = f"{account.id}/blobServices/default/containers/{container}"
    if not may(azure, principal_id, READ_BLOBS, scope, on_data=True):
        raise _download_rejection(
            uri,
            "403 AuthorizationPermissionMismatch: This request is not authorized to perform this operation using this "
            f"permission (identity with object id '{principal_id}').",
        )
    if azure.blobs.endpoint is None:
        return None
    try:
        content = await azure.blobs.read(uri.partition("?")[0])
    except BlobError as refusal:
        raise _download_rejection(uri, str(refusal)) from None
    if len(content) > LARGEST_FILE_BYTES:
        raise _download_rejection(uri, "The file is larger than 20 MB.")
    return content


def _account_of(azure: Azure, uri: str) -> Resource | None:
    accounts = azure.resources.of_type(storage.TYPE, "/subscriptions")
    return next((found for found in accounts if uri.startswith(found.properties["primaryEndpoints"]["blob"])), None)


def _download_rejection(uri: str, reason: str) -> Rejection:
    name = uri.partition("?")[0].rpartition("/")[2]
    return Rejection(
        "Other",
        "ValidationFailed",
        f"Downloading external file ({uri.partition('?')[0]}) to local file ({name}) failed. Error: {reason}",
    )
