"""What a build that did not succeed leaves half made: image versions and managed images that nobody can use."""

from azure_clients import image_versions, managed_images
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import few_at_once
from models.artifacts import DistributionTargets, HalfMadeArtifact, HalfMadeArtifacts
from models.stage_messages import Done
from policies.resources.resource_ids import parse_resource_id


async def find_half_made(azure: AzureClients, targets: DistributionTargets) -> HalfMadeArtifacts:
    """Tell which artifacts of runs are in the provisioning state `Failed` in these places, and usable nowhere.

    Azure: LIST and GET galleries/images/versions, GET images (Microsoft.Compute).
    Repeat: reads again.
    """
    lists = await few_at_once(lambda target: _artifacts(azure, target), targets.ids)
    found = await few_at_once(lambda artifact: _find(azure, artifact), [one for ids in lists for one in ids])
    return HalfMadeArtifacts(artifacts=tuple(one for one in found if one))


async def delete_half_made(azure: AzureClients, artifact: HalfMadeArtifact) -> Done:
    """Ask for the removal of an artifact, unless it is another one by now: mended, or of a later build.

    Azure: GET and DELETE galleries/images/versions or images (Microsoft.Compute).
    Repeat: finds it gone or on its way, or asks again.
    """
    if await _find(azure, artifact.id) == artifact:
        delete = image_versions.delete if _is_of_gallery(artifact.id) else managed_images.delete
        await delete(azure, artifact.id)
    return Done()


async def _artifacts(azure: AzureClients, target: str) -> tuple[str, ...]:
    return await image_versions.list_failed(azure, target) if _is_of_gallery(target) else (target,)


async def _find(azure: AzureClients, artifact_id: str) -> HalfMadeArtifact | None:
    find = image_versions.find_half_made if _is_of_gallery(artifact_id) else managed_images.find_half_made
    return await find(azure, artifact_id)


def _is_of_gallery(resource_id: str) -> bool:
    return "galleries" in parse_resource_id(resource_id)
