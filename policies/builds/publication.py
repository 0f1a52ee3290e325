"""Decides what is to be said of what a build published: on the artifacts themselves, and of their replication."""

from models.failure import Failure
from models.pipeline_record import Publication, RegionalReplication
from models.stage_messages import Lineage
from policies.builds.image_template_body import SOURCE_TAG

# Azure's words for the replication of a whole version; the first that is among several versions speaks for all.
FAILED = "Failed"
REPLICATION_STATES = (FAILED, "InProgress", "Unknown", "Completed")
REPLICATION_FAILED = "ReplicationFailed"


def source_lineage(publication: Publication) -> tuple[Lineage, ...]:
    """Return the tag of the exact source for each artifact that can carry tags; a VHD cannot."""
    source = publication.exact_source_version
    artifacts = [output.artifact for output in publication.outputs if output.artifact.startswith("/subscriptions/")]
    return tuple(Lineage(artifact=artifact, tags={SOURCE_TAG: source}) for artifact in artifacts if source)


def replication_of_all(states: list[str]) -> str | None:
    """Return the replication state of all image versions of a build: Completed only where it is that of each."""
    return min(states, key=_gravity, default=None)


def replication_failure(publication: Publication) -> Failure | None:
    """Return why an image version cannot be used in a region that was asked for, or None where Azure is not done."""
    failed = [region for region in publication.regions if _gravity(region.state) == 0]
    if not failed and _gravity(publication.replication_state or "") > 0:
        return None
    told = " ".join(map(_told, failed)) or f"{publication.image_version_id}: Azure does not say in which region."
    return Failure(
        code=REPLICATION_FAILED,
        message=f"The image was built, and its replication failed: {told}",
        what_to_do="It can be used where its replication is completed. Mend what Azure names, and build again.",
    )


def lineage_detail(publication: Publication) -> str | None:
    """Return which artifacts do not carry the tag of their source, and why, or None where all do."""
    failures = publication.lineage_failures
    return " ".join(f"{one.artifact} could not be tagged: {one.code}: {one.message}" for one in failures) or None


def _gravity(state: str) -> int:
    known = [one.lower() for one in REPLICATION_STATES]
    return known.index(state.lower()) if state.lower() in known else known.index("unknown")


def _told(region: RegionalReplication) -> str:
    version = "/".join(region.image_version_id.split("/")[-3::2])
    return f"{version} to {region.name}: {region.details or 'Azure gives no details.'}"
