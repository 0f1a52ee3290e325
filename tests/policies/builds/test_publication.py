import pytest

from models.pipeline_record import LineageFailure, Publication, RegionalReplication, RunOutput
from policies.builds.publication import lineage_detail, replication_failure, replication_of_all, source_lineage

GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute"
VERSION_ID = f"{GROUP}/galleries/g/images/linux/versions/1.0.1"
IMAGE_ID = f"{GROUP}/images/golden"
VHD = "https://account.blob.core.windows.net/vhds/golden.vhd"


def publication_of(*artifacts, regions=(), **changes):
    return Publication(
        image_version_id=VERSION_ID,
        replication_state=changes.get("replication_state", "Completed"),
        template_name="t",
        exact_source_version=changes.get("source", "24.04.1"),
        scripts=(),
        log_url=None,
        outputs=tuple(RunOutput(name=str(number), artifact=artifact) for number, artifact in enumerate(artifacts)),
        regions=tuple(
            RegionalReplication(image_version_id=VERSION_ID, name=name, state=state, details=details)
            for name, state, details in regions
        ),
    )


def test_what_can_carry_tags_is_tagged_with_its_exact_source():
    lineage = source_lineage(publication_of(VERSION_ID, IMAGE_ID, VHD))
    assert [one.artifact for one in lineage] == [VERSION_ID, IMAGE_ID]
    assert [one.tags for one in lineage] == [{"imageBakerySource": "24.04.1"}] * 2
    assert source_lineage(publication_of(VERSION_ID, source=None)) == ()


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], None),
        (["Completed", "Completed"], "Completed"),
        (["Completed", "InProgress"], "InProgress"),
        (["InProgress", "Failed"], "Failed"),
        (["Completed", "Sleeping"], "Sleeping"),
        (["completed", "inprogress"], "inprogress"),
    ],
)
def test_versions_are_replicated_once_each_of_them_is(states, whole):
    assert replication_of_all(states) == whole


@pytest.mark.parametrize("state", ["Completed", "Replicating", "Unknown", "Sleeping"])
def test_a_replication_that_did_not_fail_is_no_failure(state):
    assert replication_failure(publication_of(regions=[("westeurope", state, None)])) is None


@pytest.mark.parametrize("word", ["Failed", "failed"])
def test_each_region_that_failed_is_named_with_azures_details(word):
    regions = [("westeurope", "Completed", None), ("northeurope", word, "No capacity."), ("uksouth", word, None)]
    failure = replication_failure(publication_of(regions=regions, replication_state="InProgress"))
    assert failure is not None
    assert failure.code == "ReplicationFailed"
    assert "westeurope" not in failure.message
    assert "linux/1.0.1 to northeurope: No capacity." in failure.message
    assert "linux/1.0.1 to uksouth: Azure gives no details." in failure.message


def test_a_replication_that_failed_without_a_word_on_regions_is_a_failure():
    failure = replication_failure(publication_of(replication_state="Failed"))
    assert failure is not None
    assert "1.0.1" in failure.message


def test_a_tag_that_could_not_be_written_is_told_with_its_artifact():
    publication = publication_of(VERSION_ID)
    failure = LineageFailure(artifact=VERSION_ID, code="ScopeLocked", message="It is locked.")
    assert lineage_detail(publication) is None
    told = lineage_detail(publication.model_copy(update={"lineage_failures": (failure,)}))
    assert told is not None
    assert VERSION_ID in told
    assert "It is locked." in told
