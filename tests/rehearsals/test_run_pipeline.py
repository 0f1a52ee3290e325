from datetime import UTC, datetime, timedelta

import pytest

from models.errors import AzureUnavailable
from models.failure import Failure
from models.pipeline_record import PipelineRecord
from models.pipeline_run import PipelineRun, Scope, Starter
from models.stage_messages import Done, WrittenRecord
from models.state import State
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from tests.rehearsals.rehearsal import Rehearsal

RUN = PipelineRun(
    id="linux-20260311-030000-00000a",
    image="linux",
    scope=Scope.ALL,
    environments=("sbx", "dev", "prd"),
    started_by=Starter(kind="http"),
    requested_at=datetime(2026, 3, 11, 3, 0, tzinfo=UTC),
)


@pytest.fixture
def perform(obliging_azure):
    def play(**answers):
        rehearsal = Rehearsal(
            obliging_azure | answers,
            [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build],
        )
        envelope = rehearsal.play(run_pipeline, RUN, "pipeline-linux")
        return PipelineRecord.from_payload(envelope["value"]), rehearsal

    return play


def test_the_environments_follow_one_another(perform):
    record, rehearsal = perform()
    assert record.state is State.SUCCEEDED
    assert [stage.environment for stage in record.stages] == ["sbx", "dev", "prd"]
    assert [(one["environment"]) for one in rehearsal.inputs["check_stage"]] == ["sbx", "dev", "prd"]


def test_every_activity_is_told_what_it_is_about(perform):
    _, rehearsal = perform()
    assert {(subject.run, subject.image) for _, subject in rehearsal.subjects} == {(RUN.id, "linux")}
    of_the_run = {activity for activity, subject in rehearsal.subjects if subject.environment is None}
    assert of_the_run == {"publish_record"}
    by_step = {activity: subject.step for activity, subject in rehearsal.subjects}
    assert (by_step["check_stage"], by_step["create_or_update_gallery"]) == ("check", "infrastructure")
    assert (by_step["start_image_run"], by_step["get_image_run"]) == ("build", "build")
    environments = [subject.environment for activity, subject in rehearsal.subjects if activity == "start_image_run"]
    assert environments == ["sbx", "dev", "prd"]


def test_a_stage_that_fails_ends_the_run_and_later_environments_never_start(perform, obliging_azure):
    failure = {"failure": Failure(code="QuotaExceeded", message="No cores left.").to_payload()}
    record, rehearsal = perform(check_stage=[obliging_azure["check_stage"], failure])
    assert record.state is State.FAILED
    assert [(stage.environment, stage.state) for stage in record.stages] == [
        ("sbx", State.SUCCEEDED),
        ("dev", State.FAILED),
    ]
    assert len(rehearsal.inputs["check_stage"]) == 2


def test_the_record_is_written_before_the_first_stage_and_after_the_last(perform):
    _, rehearsal = perform()
    records = rehearsal.inputs["publish_record"]
    assert [(record["state"], len(record["stages"])) for record in records] == [
        ("Running", 0),
        ("Running", 1),
        ("Running", 2),
        ("Succeeded", 3),
    ]
    assert rehearsal.steps[0].startswith("publish_record")


def test_a_stage_that_breaks_leaves_a_failed_record(perform):
    record, _ = perform(check_stage={"neither": "value nor failure"})
    assert record.state is State.FAILED
    assert record.failure is not None
    assert record.ended_at is not None


def test_a_run_that_is_over_and_is_started_once_more_does_nothing(perform):
    _, rehearsal = perform(publish_record=WrittenRecord(was_over=True))
    assert [step.partition(" ")[0] for step in rehearsal.steps] == ["publish_record"]


def test_a_run_begins_by_the_clock_of_the_engine_whatever_that_of_the_host_that_was_asked(obliging_azure):
    children = [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
    rehearsal = Rehearsal(obliging_azure, children)
    ahead = RUN.model_copy(update={"requested_at": rehearsal.now + timedelta(hours=1)})
    began = rehearsal.now
    record = PipelineRecord.from_payload(rehearsal.play(run_pipeline, ahead, "pipeline-linux")["value"])
    assert record.started_at == began


def no_storage():
    return AzureUnavailable("write the record", "ServiceRequestError", "Cannot connect to host")


def test_a_record_that_cannot_be_written_at_first_is_written_when_it_can(perform):
    record, rehearsal = perform(publish_record=[*[Done()] * 3, *[no_storage()] * 9, Done()])
    assert record.state is State.SUCCEEDED
    assert rehearsal.inputs["publish_record"][-1] == record.to_payload()
    assert len(rehearsal.inputs["publish_record"]) == 13


def test_a_run_that_succeeded_is_a_success_where_its_record_can_never_be_written(perform):
    tried = []
    record, rehearsal = perform(
        publish_record=lambda written: tried.append(written) or no_storage() if written["endedAt"] else Done()
    )
    assert record.state is State.SUCCEEDED
    assert record.ended_at is not None
    assert rehearsal.now - record.ended_at < timedelta(days=2)
    assert len(tried) < 50


def test_without_a_record_no_environment_is_begun_and_what_was_done_is_still_told(perform):
    record, rehearsal = perform(publish_record=[Done(), no_storage(), Done()])
    assert record.state is State.FAILED
    assert record.failure is not None
    assert record.failure.code == "ServiceRequestError"
    assert [stage.environment for stage in record.stages] == ["sbx"]
    assert len(rehearsal.inputs["check_stage"]) == 1


def test_a_run_that_does_not_wait_ends_once_its_builds_are_triggered_and_they_are_still_seen_through(obliging_azure):
    children = [run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build]
    rehearsal = Rehearsal(obliging_azure | {"publish_build_end": Done()}, children)
    run = RUN.model_copy(update={"wait_for_image_build": False, "environments": ("sbx", "dev")})
    record = PipelineRecord.from_payload(rehearsal.play(run_pipeline, run, "pipeline-linux")["value"])
    assert record.state is State.TRIGGERED
    assert [stage.state for stage in record.stages] == [State.TRIGGERED] * 2
    assert (record.stages[0].steps[-1].name, record.stages[0].steps[-1].state) == ("build", State.TRIGGERED)
    rehearsal.play_on()
    ends = [end["rest"] for end in rehearsal.inputs["publish_build_end"]]
    assert sorted(end["environment"] for end in ends) == ["dev", "sbx"]
    assert {end["state"] for end in ends} == {"Succeeded"}
    assert all(end["result"]["imageVersionId"] for end in ends)
    assert [step["name"] for step in ends[0]["steps"]] == ["build", "publication"]
    assert len(rehearsal.inputs["publish_lineage"]) == 2
