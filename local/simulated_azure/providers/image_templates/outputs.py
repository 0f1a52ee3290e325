"""What a build leaves behind: image versions, managed images, VHDs, and the run outputs that name them."""

from datetime import timedelta

from local.simulated_azure.arm.messages import ArmError, Json
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.azure import Azure
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.providers.image_templates.staging import staging_account
from local.simulated_azure.providers.image_versions import Publication, create_version, numbers, versions_of
from local.simulated_azure.providers.managed_images import create_managed_image

NAMESPACE = "Microsoft.VirtualMachineImages"
OUTPUT_TYPE = f"{NAMESPACE}/imageTemplates/runOutputs"
FIRST_MAJOR = 1


def begin_distribution(azure: Azure, template: Resource, distributor: Json, length: timedelta) -> Json:
    """Make the artifact, still incomplete; the answer is `{artifactId}` or `{artifactUri}`.

    Raises:
        ArmError: The definition is gone, or the wanted version is there already.
    """
    match distributor["type"]:
        case "SharedImage":
            return {"artifactId": _version(azure, template, distributor, length).id}
        case "ManagedImage":
            body = {"location": distributor["location"], "tags": distributor.get("artifactTags") or {}}
            return {"artifactId": create_managed_image(azure, distributor["imageId"], body, "Creating").id}
        case _:
            return {"artifactUri": distributor.get("uri") or _vhd_uri(azure, template)}


def end_distribution(azure: Azure, template: Resource, distributor: Json, artifact: Json, state: str) -> None:
    """Complete the artifact as `Succeeded`, with a run output, or as `Failed`, without one."""
    made = azure.resources.find(artifact.get("artifactId", ""))
    if made is not None:
        made.properties["provisioningState"] = state
    if state == "Succeeded":
        name = distributor["runOutputName"]
        azure.new_resource(
            {
                "id": f"{template.id}/runOutputs/{name}",
                "name": name,
                "type": OUTPUT_TYPE,
                "properties": {**artifact, "provisioningState": "Succeeded"},
            },
        )


def _version(azure: Azure, template: Resource, distributor: Json, length: timedelta) -> Resource:
    definition_id, _, wanted = distributor["galleryImageId"].partition("/versions/")
    definition = azure.resources.get(definition_id)
    if wanted and azure.resources.find(distributor["galleryImageId"]):
        raise ArmError(409, "Conflict", f"The gallery image version '{distributor['galleryImageId']}' already exists.")
    name = wanted or _next_version(azure, definition.id, distributor, template.properties["source"])
    kind = distributor.get("storageAccountType") or "Standard_LRS"
    profile = {
        "excludeFromLatest": bool(distributor.get("excludeFromLatest")),
        "storageAccountType": kind,
        "replicationMode": distributor.get("replicationMode") or "Full",
    }
    publication = Publication(
        definition.body["location"],
        _regions(distributor, template.body["location"], kind),
        dict(distributor.get("artifactTags") or {}),
        profile,
    )
    return create_version(azure, f"{definition.id}/versions/{name}", publication, length)


def _regions(distributor: Json, location: str, kind: str) -> list[Json]:
    """Target regions, the deprecated list of names, or the template's own region."""
    targets: list[Json] = distributor.get("targetRegions") or [
        {"name": name} for name in distributor.get("replicationRegions") or [location]
    ]
    return [
        {
            "name": target["name"],
            "regionalReplicaCount": target.get("replicaCount") or 1,
            "storageAccountType": target.get("storageAccountType") or kind,
        }
        for target in targets
    ]


def _next_version(azure: Azure, definition_id: str, distributor: Json, source: Json) -> str:
    """The next patch number of the wanted major version, or of the source's version."""
    versioning: Json = distributor.get("versioning") or {}
    present = [numbers(version.name) for version in versions_of(azure, definition_id)]
    if versioning.get("scheme") == "Source":
        exact = str(source.get("exactVersion") or "").rpartition("/")[2]
        candidate = numbers(exact) if exact else (FIRST_MAJOR, 0, 0)
    else:
        major: int | None = versioning.get("major")
        if major is not None and major >= 0:
            present = [version for version in present if version[0] == major]
        candidate = max(present, default=(major or FIRST_MAJOR, 0, 0))
    while candidate in present:
        candidate = (candidate[0], candidate[1], candidate[2] + 1)
    return ".".join(str(number) for number in candidate)


def _vhd_uri(azure: Azure, template: Resource) -> str:
    account = staging_account(azure, template)
    endpoint = account.properties["primaryEndpoints"]["blob"] if account else ""
    return f"{endpoint}vhds/{new_guid()}.vhd"
