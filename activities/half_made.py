"""What a build that did not succeed leaves half made: image versions and managed images that nobody can use."""

from azure_clients import image_versions, managed_images
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import few_at_once
from models.artifacts import DistributionTargets, HalfMadeArtifact, HalfMadeArtifacts
from models.stage_messages import Done
from policies.builds.image_template_body import RUN_TAG
from policies.resources.resource_ids import parse_resource_id


async def find_half_made(azure: AzureClients, targets: DistributionTargets) -> HalfMadeArtifacts:
    """Tell which artifacts with the tag of a run are in the provisioning state `Failed` in these places.

    Azure: LIST galleries/images/versions, GET images (Microsoft.Compute).
    Repeat: reads again.
    """

    async def failed(target: str) -> dict[str, dict[str, str]]:
        find = image_versions.find_failed if _is_of_gallery(target) else managed_images.find_failed
        return await find(azure, target)

    found = await few_at_once(failed, targets.ids)
    return HalfMadeArtifacts(
        artifacts=tuple(
            HalfMadeArtifact(id=artifact, run_id=tags[RUN_TAG])
            for of_target in found
            for artifact, tags in of_target.items()
            if RUN_TAG in tags
        )
    )


async def delete_half_made(azure: AzureClients, artifact: HalfMadeArtifact) -> Done:
    """Ask for the removal of an artifact, unless it is not `Failed` any more: somebody may have mended it.

    Azure: GET and DELETE galleries/images/versions or images (Microsoft.Compute).
    Repeat: finds it gone or on its way, or asks again.
    """
    delete = image_versions.delete_failed if _is_of_gallery(artifact.id) else managed_images.delete_failed
    await delete(azure, artifact.id)
    return Done()


def _is_of_gallery(resource_id: str) -> bool:
    return "galleries" in parse_resource_id(resource_id)
