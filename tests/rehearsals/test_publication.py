"""What a build published is told, tagged and judged alike, whether or not its stage waits for it."""

import pytest

from models.artifacts import HalfMadeArtifact, HalfMadeArtifacts
from models.errors import AzureUnavailable
from models.failure import Failure
from models.image_build import ImageRun, ImageRunState
from models.pipeline_record import RegionalReplication, StageRecord
from models.pipeline_run import Scope, Stage
from models.stage_messages import BuildEnd, Done, Published
from models.state import State
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from tests.rehearsals.conftest import VERSION_ID
from tests.rehearsals.rehearsal import Rehearsal
from tests.stage_plan import DEFINITION_ID

RUN_ID = "linux-20260311-030000-00000a"
PARTIAL = ImageRun(state=ImageRunState.PARTIALLY_SUCCEEDED, message="One of two galleries took it.")
FAILED_SOMEWHERE = RegionalReplication(
    image_version_id=VERSION_ID, name="northeurope", state="Failed", details="No capacity."
)


@pytest.fixture(params=["waited for", "untended"])
def perform(request, obliging_azure):
    """Play a stage to the end of its build; the record is the stage's, or what completes it."""

    def play(**answers):
        waits = request.param == "waited for"
        children = [deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
        rehearsal = Rehearsal(obliging_azure | {"publish_build_end": Done()} | answers, children)
        stage = Stage(
            run_id=RUN_ID,
            image="linux",
            scope=Scope.ALL,
            environment="sbx",
            wait_for_image_build=waits,
        )
        record = StageRecord.from_payload(rehearsal.play(run_stage, stage)["value"])
        if not waits:
            assert record.state is State.TRIGGERED
            rehearsal.play_on()
            record = BuildEnd.from_payload(rehearsal.inputs["publish_build_end"][0]).rest
        return record, rehearsal

    return play


def published(obliging_azure, **changes):
    publication = obliging_azure["get_publication"].publication
    return Published(publication=publication.model_copy(update=changes))


def test_each_artifact_is_tagged_with_the_exact_source(perform):
    record, rehearsal = perform()
    assert record.state is State.SUCCEEDED
    assert rehearsal.inputs["publish_lineage"] == [{"artifact": VERSION_ID, "tags": {"imageBakerySource": "24.04.1"}}]
    assert record.steps[-1].detail is None


def test_a_build_that_succeeded_in_part_is_told_with_what_it_published_all_the_same(perform):
    record, rehearsal = perform(get_image_run=PARTIAL)
    assert record.state is State.PARTIALLY_SUCCEEDED
    assert record.failure is not None
    assert (record.failure.step, record.failure.message) == ("build", "One of two galleries took it.")
    assert record.result is not None
    assert record.result.image_version_id == VERSION_ID
    assert len(rehearsal.inputs["publish_lineage"]) == 1
    assert rehearsal.inputs["get_publication"][-1]["versionExpected"] is False


REFUSED = {"failure": Failure(code="ScopeLocked", message="The gallery is locked.").to_payload()}
LEFT = HalfMadeArtifact(id=f"{VERSION_ID.rpartition('/')[0]}/1.0.2", run_id=RUN_ID)


@pytest.mark.parametrize(("answer", "told"), [(Done(), None), (REFUSED, "ScopeLocked")])
def test_what_a_build_left_half_made_is_removed_and_told_but_not_what_it_published_or_is_anothers(
    perform, answer, told
):
    published = LEFT.model_copy(update={"id": VERSION_ID.upper()})
    of_another = LEFT.model_copy(update={"id": f"{VERSION_ID}0", "run_id": f"{RUN_ID[:-1]}b"})
    found = HalfMadeArtifacts(artifacts=(published, LEFT, of_another))
    record, rehearsal = perform(get_image_run=PARTIAL, find_half_made=found, delete_half_made=answer)
    assert rehearsal.inputs["find_half_made"] == [{"ids": [DEFINITION_ID]}]
    assert rehearsal.inputs["delete_half_made"] == [LEFT.to_payload()]
    assert record.state is State.PARTIALLY_SUCCEEDED
    (half_made,) = record.result.half_made
    assert (half_made.artifact, half_made.failure and half_made.failure.code) == (LEFT.id, told)


def test_what_was_published_is_told_though_what_was_left_cannot_be_found_out(perform):
    record, _ = perform(get_image_run=PARTIAL, find_half_made=REFUSED)
    assert record.result.image_version_id == VERSION_ID
    assert record.result.half_made == ()


def test_of_a_good_build_nothing_is_looked_for_that_was_left(perform):
    _, rehearsal = perform()
    assert "find_half_made" not in rehearsal.inputs


@pytest.mark.parametrize(
    "answer",
    [
        REFUSED,
        AzureUnavailable("tag it", "ScopeLocked", "The gallery is locked."),
    ],
)
def test_a_tag_that_cannot_be_written_is_told_and_the_image_is_good(perform, answer):
    record, _ = perform(publish_lineage=answer)
    assert record.state is State.SUCCEEDED
    assert record.failure is None
    assert record.result is not None
    (failure,) = record.result.lineage_failures
    assert (failure.artifact, failure.code) == (VERSION_ID, "ScopeLocked")
    assert "The gallery is locked." in record.steps[-1].detail


def test_without_a_known_source_there_is_nothing_to_tag(perform, obliging_azure):
    record, rehearsal = perform(get_publication=published(obliging_azure, exact_source_version=None))
    assert record.state is State.SUCCEEDED
    assert "publish_lineage" not in rehearsal.inputs


def test_a_replication_that_goes_on_is_a_success(perform, obliging_azure):
    going_on = FAILED_SOMEWHERE.model_copy(update={"state": "Replicating", "details": None, "progress": 40})
    record, _ = perform(get_publication=published(obliging_azure, replication_state="InProgress", regions=(going_on,)))
    assert record.state is State.SUCCEEDED
    assert record.result is not None
    assert record.result.replication_state == "InProgress"
    assert [(one.name, one.progress) for one in record.result.regions] == [("northeurope", 40)]


@pytest.mark.parametrize("whole", ["Failed", "InProgress"])
def test_an_image_that_cannot_be_had_in_a_region_that_was_asked_for_is_a_success_in_part(
    perform, obliging_azure, whole
):
    record, _ = perform(get_publication=published(obliging_azure, replication_state=whole, regions=(FAILED_SOMEWHERE,)))
    assert record.state is State.PARTIALLY_SUCCEEDED
    assert record.failure is not None
    assert (record.failure.step, record.failure.code) == ("publication", "ReplicationFailed")
    assert "linux/1.0.1 to northeurope: No capacity." in record.failure.message
    assert [(step.name, step.state) for step in record.steps[-2:]] == [
        ("build", State.SUCCEEDED),
        ("publication", State.PARTIALLY_SUCCEEDED),
    ]
    assert record.result is not None
    assert record.result.image_version_id == VERSION_ID


def test_a_version_that_is_never_found_fails_the_stage_at_its_publication(perform):
    absent = AzureUnavailable("find the image version", "ImageVersionAbsent", "It is not there (yet).")
    record, _ = perform(get_publication=absent)
    assert record.state is State.FAILED
    assert record.failure is not None
    assert (record.failure.step, record.failure.code) == ("publication", "ImageVersionAbsent")
