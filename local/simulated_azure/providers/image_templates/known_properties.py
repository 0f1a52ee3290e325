"""The properties of an image template that api version 2025-10-01 knows; any other, or another spelling, is refused."""

from collections.abc import Mapping
from typing import Any

from local.simulated_azure.providers.image_templates.shape import Choice, MapOf, Thing


def _kinds(key: str, shared: Mapping[str, Any], **kinds: tuple[Mapping[str, Any], tuple[str, ...]]) -> Choice:
    return Choice(
        key,
        {kind: Thing({key: str, **shared, **known}, (key, *required)) for kind, (known, required) in kinds.items()},
    )


_TAGS = MapOf(str)
_SCRIPT = {"scriptUri": str, "sha256Checksum": str, "inline": [str]}
_POWERSHELL = {**_SCRIPT, "runElevated": bool, "runAsSystem": bool, "validExitCodes": [int]}
_FILE = {"sourceUri": str, "sha256Checksum": str, "destination": str}
_STATE = {"state": str}
_PLAN = Thing({"planName": str, "planProduct": str, "planPublisher": str}, ("planName", "planProduct", "planPublisher"))
_TARGET_REGION = Thing({"name": str, "replicaCount": int, "storageAccountType": str}, ("name",))

SOURCE = _kinds(
    "type",
    {},
    PlatformImage=(
        {"publisher": str, "offer": str, "sku": str, "version": str, "exactVersion": str, "planInfo": _PLAN},
        (),
    ),
    ManagedImage=({"imageId": str}, ("imageId",)),
    SharedImageVersion=({"imageVersionId": str, "exactVersion": str}, ("imageVersionId",)),
)
CUSTOMIZER = _kinds(
    "type",
    {"name": str},
    Shell=(_SCRIPT, ()),
    PowerShell=(_POWERSHELL, ()),
    File=(_FILE, ()),
    WindowsRestart=({"restartCommand": str, "restartCheckCommand": str, "restartTimeout": str}, ()),
    WindowsUpdate=({"searchCriteria": str, "filters": [str], "updateLimit": int}, ()),
)
VALIDATOR = _kinds("type", {"name": str}, Shell=(_SCRIPT, ()), PowerShell=(_POWERSHELL, ()), File=(_FILE, ()))
VERSIONING = _kinds("scheme", {}, Latest=({"major": int}, ()), Source=({}, ()))
DISTRIBUTOR = _kinds(
    "type",
    {"runOutputName": str, "artifactTags": _TAGS},
    ManagedImage=({"imageId": str, "location": str}, ("runOutputName", "imageId", "location")),
    SharedImage=(
        {
            "galleryImageId": str,
            "replicationRegions": [str],
            "excludeFromLatest": bool,
            "storageAccountType": str,
            "targetRegions": [_TARGET_REGION],
            "versioning": VERSIONING,
            "replicationMode": str,
        },
        ("runOutputName", "galleryImageId"),
    ),
    VHD=({"uri": str}, ("runOutputName",)),
)
IDENTITY = Thing({"type": str, "userAssignedIdentities": MapOf(Thing({"principalId": str, "clientId": str}))})
VM_PROFILE = Thing(
    {
        "vmSize": str,
        "osDiskSizeGB": int,
        "userAssignedIdentities": [str],
        "vnetConfig": Thing({"subnetId": str, "containerInstanceSubnetId": str, "proxyVmSize": str}),
    },
)
# What only the service writes may stand in a body that was read before; it is ignored.
READ_ONLY = {
    "provisioningState": str,
    "provisioningError": MapOf(Any),
    "lastRunStatus": MapOf(Any),
    "exactStagingResourceGroup": str,
}
PROPERTIES = Thing(
    {
        "source": SOURCE,
        "customize": [CUSTOMIZER],
        "optimize": Thing(
            {
                "vmBoot": Thing(_STATE),
                "workload": Thing({**_STATE, "scriptUri": str, "sha256Checksum": str}),
            },
        ),
        "validate": Thing(
            {"continueDistributeOnFailure": bool, "sourceValidationOnly": bool, "inVMValidations": [VALIDATOR]},
        ),
        "distribute": [DISTRIBUTOR],
        "errorHandling": Thing({"onCustomizerError": str, "onValidationError": str}),
        "buildTimeoutInMinutes": int,
        "vmProfile": VM_PROFILE,
        "additionalDataDisks": [Thing({"sizeGB": int})],
        "stagingResourceGroup": str,
        "autoRun": Thing(_STATE),
        "managedResourceTags": _TAGS,
        **READ_ONLY,
    },
    ("source", "distribute"),
)
TEMPLATE = Thing(
    {
        "id": str,
        "name": str,
        "type": str,
        "location": str,
        "tags": _TAGS,
        "identity": IDENTITY,
        "properties": PROPERTIES,
        "systemData": MapOf(Any),
    },
    ("location", "identity", "properties"),
)
UPDATE = Thing(
    {"tags": _TAGS, "identity": IDENTITY, "properties": Thing({"distribute": [DISTRIBUTOR], "vmProfile": VM_PROFILE})},
)
