"""Image versions of a compute gallery, with their replication (Microsoft.Compute)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from local.simulated_azure.arm.messages import ArmError, ArmRequest, ArmResponse, Json
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.arm.routing import Route
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import timestamp
from local.simulated_azure.providers.galleries import (
    DEFINITION,
    NAMESPACE,
    begin_compute_operation,
    complete_later,
    delete_gallery_resource,
    refuse_unready_parent,
)
from local.simulated_azure.providers.locations import location_of

TYPE = f"{NAMESPACE}/galleries/images/versions"
VERSIONS = f"{DEFINITION}/versions"
VERSION = f"{VERSIONS}/{{version}}"
VERSION_NAME = re.compile(r"(\d{1,10})\.(\d{1,10})\.(\d{1,10})")
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Publication:
    """What a new version is made of and where it goes."""

    location: str
    regions: Sequence[Json]
    """`{name, regionalReplicaCount, storageAccountType}` each."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    profile: Json = field(default_factory=dict[str, object])
    """Further properties of the publishing profile."""
    storage_profile: Json = field(default_factory=dict[str, object])


def create_version(azure: Azure, version_id: str, publication: Publication, replicated_after: timedelta) -> Resource:
    """A new version that is being created and replicated."""
    now = azure.clock.now()
    profile = {
        "targetRegions": [*publication.regions],
        "replicaCount": 1,
        "excludeFromLatest": False,
        "publishedDate": timestamp(now),
        "storageAccountType": "Standard_LRS",
        "replicationMode": "Full",
        **publication.profile,
    }
    version = azure.new_resource(
        {
            "name": version_id.rpartition("/")[2],
            "id": version_id,
            "type": TYPE,
            "location": publication.location,
            "tags": publication.tags,
            "properties": {
                "publishingProfile": profile,
                "storageProfile": publication.storage_profile
                or {"osDiskImage": {"sizeInGB": 30, "hostCaching": "ReadWrite", "source": {}}},
                "safetyProfile": {"reportedForPolicyViolation": False, "allowDeletionOfReplicatedLocations": True},
                "provisioningState": "Creating",
            },
        },
    )
    version.unseen["replicated"] = now + replicated_after
    version.unseen["replication fault"] = azure.faults.take("replication", version_id)
    return version


def versions_of(azure: Azure, definition_id: str) -> list[Resource]:
    """All versions of a definition, the lowest number first."""
    return sorted(azure.resources.of_type(TYPE, definition_id), key=lambda version: numbers(version.name))


def numbers(name: str) -> tuple[int, ...]:
    """`1.0.12` as numbers, to be compared."""
    return tuple(int(part) for part in name.split("."))


async def put_version(azure: Azure, request: ArmRequest) -> ArmResponse:
    """201 while it is made, 200 for one that exists.

    Raises:
        ArmError: 400 for a bad name, 404 or 409 for an unready definition.
    """
    name = request.route["version"]
    if not VERSION_NAME.fullmatch(name) or max(numbers(name)) > LARGEST_NUMBER:
        raise ArmError(
            400,
            "InvalidParameter",
            f"The entity name 'galleryImageVersion.name' is invalid: '{name}'. It should be Major.Minor.Patch with "
            "integers of 32 bits.",
        )
    refuse_unready_parent(azure, request.resource_id.rpartition("/versions/")[0])
    present = azure.resources.find(request.resource_id)
    if present is not None:
        present.properties["publishingProfile"].update(request.properties().get("publishingProfile") or {})
        present.body["tags"] = request.body.get("tags") or {}
        return ArmResponse(200, present.body)
    profile: Json = request.properties().get("publishingProfile") or {}
    location = location_of(request.body)
    regions: list[Json] = profile.pop("targetRegions", None) or [{"name": location, "regionalReplicaCount": 1}]
    publication = Publication(
        location, regions, request.body.get("tags") or {}, profile, request.properties().get("storageProfile") or {}
    )
    version = create_version(azure, request.resource_id, publication, azure.pace.operation("image version"))
    operation, headers = begin_compute_operation(azure, request, location)
    answer = ArmResponse(201, {**version.body, "properties": {**version.properties}}, headers)
    complete_later(azure, version, operation, "image version")
    return answer


async def get_version(azure: Azure, request: ArmRequest) -> ArmResponse:
    """One version, with `$expand=ReplicationStatus` also the state of each region."""
    version = azure.resources.get(request.resource_id)
    if request.query.get("$expand", "").lower() != "replicationstatus":
        return ArmResponse(200, version.body)
    properties = {**version.properties, "replicationStatus": _replication(azure, version)}
    return ArmResponse(200, {**version.body, "properties": properties})


def _replication(azure: Azure, version: Resource) -> Json:
    fault, now = version.unseen["replication fault"], azure.clock.now()
    if fault is not None:
        state, progress = fault.outcome, 50
    elif version.state == "Failed":
        state, progress = "Failed", 50
    elif now >= version.unseen["replicated"]:
        state, progress = "Completed", 100
    else:
        whole = version.unseen["replicated"] - version.created
        state, progress = "InProgress", int(100 * ((now - version.created) / whole))
    regions = version.properties["publishingProfile"]["targetRegions"]
    told = {
        "state": "Replicating" if state == "InProgress" else state,
        "details": fault.message if fault is not None else "",
        "progress": progress,
    }
    return {"aggregatedState": state, "summary": [{"region": region["name"], **told} for region in regions]}


async def patch_version(azure: Azure, request: ArmRequest) -> ArmResponse:
    """Change the tags and the publishing profile."""
    version = azure.resources.get(request.resource_id)
    version.properties["publishingProfile"].update(request.properties().get("publishingProfile") or {})
    if "tags" in request.body:
        version.body["tags"] = request.body["tags"]
    return ArmResponse(200, version.body)


async def list_versions(azure: Azure, request: ArmRequest) -> ArmResponse:
    """All versions of a definition."""
    definition = azure.resources.get(request.resource_id.rpartition("/versions")[0])
    return ArmResponse(200, {"value": [version.body for version in versions_of(azure, definition.id)]})


ROUTES = [
    Route("PUT", VERSION, put_version, NAMESPACE),
    Route("GET", VERSION, get_version, NAMESPACE),
    Route("PATCH", VERSION, patch_version, NAMESPACE),
    Route("DELETE", VERSION, delete_gallery_resource, NAMESPACE),
    Route("GET", VERSIONS, list_versions, NAMESPACE),
]
