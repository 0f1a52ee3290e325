"""Histories stay short, however long a build takes: each replay reads its whole history."""

from datetime import timedelta

import pytest

from models.errors import AzureUnavailable
from models.image_build import ImageRun, ImageRunState
from models.pipeline_record import PipelineRecord
from models.pipeline_run import PipelineRun, Scope, Starter
from models.stage_messages import CheckedStage, Done
from models.state import State
from models.subject import Subject
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_stage import run_stage
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from tests.rehearsals.rehearsal import Rehearsal
from tests.rehearsals.watched_build import WatchedBuild
from tests.stage_plan import stage_plan

LONGEST_BUILD = timedelta(minutes=960)
CHILDREN = (run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build)
MOST_EVENTS = 300


class SlowAzure:
    """Builds for sixteen hours, and distributes after that."""

    def __init__(self, script):
        plan = stage_plan(build_timeout_minutes=960)
        told = {
            "check_stage": CheckedStage(plan=plan),
            "start_image_run": self.start,
            "get_image_run": self.look,
            "publish_build_end": Done(),
        }
        self.play = Rehearsal(script | told, list(CHILDREN))
        self.began = self.play.now

    def start(self, _payload):
        self.began = self.play.now
        return ImageRun(state=ImageRunState.RUNNING, sub_state="Queued")

    def look(self, _payload):
        elapsed = self.play.now - self.began
        if elapsed > LONGEST_BUILD + timedelta(minutes=20):
            return ImageRun(state=ImageRunState.SUCCEEDED)
        return ImageRun(
            state=ImageRunState.RUNNING, sub_state="Customizing" if elapsed < LONGEST_BUILD else "Distributing"
        )


@pytest.mark.parametrize("waits", [True, False])
def test_a_build_of_sixteen_hours_that_is_polled_to_its_end_leaves_short_histories(obliging_azure, waits):
    azure = SlowAzure(obliging_azure)
    run = PipelineRun(
        id="linux-20260311-030000-00000a",
        image="linux",
        scope=Scope.ALL,
        environments=("sbx",),
        started_by=Starter(kind="http"),
        requested_at=azure.play.now,
        remove_image_templates=True,
        wait_for_image_build=waits,
    )
    record = PipelineRecord.from_payload(azure.play.play(run_pipeline, run, "pipeline-linux")["value"])
    azure.play.play_on()
    assert record.state is (State.SUCCEEDED if waits else State.TRIGGERED)
    assert azure.play.now - azure.began > LONGEST_BUILD
    assert len(azure.play.inputs["get_image_run"]) > MOST_EVENTS
    involved = {run_pipeline, *CHILDREN} - ({tend_image_build} if waits else set())
    assert set(azure.play.longest_histories) == {orchestrator.__name__ for orchestrator in involved}
    assert {name: events for name, events in azure.play.longest_histories.items() if events >= MOST_EVENTS} == {}
    # Whatever begins anew goes on with the same.
    read = [subject for activity, subject in azure.play.subjects if activity == "get_image_run"]
    about = Subject(run=run.id, image="linux", environment="sbx", step="build")
    assert set(map(repr, read)) == {repr(about)}


class AwayAzure(WatchedBuild):
    """Builds for an hour, and answers nothing for a while, or not to a cancellation."""

    def __init__(self, cancellations_in_vain: int = 0) -> None:
        super().__init__(timedelta(hours=1))
        self.cancellations_in_vain = cancellations_in_vain
        self.play.script["cancel_image_run"] = self.cancel

    def cancel(self, payload):
        if self.cancellations_in_vain:
            self.cancellations_in_vain -= 1
            raise AzureUnavailable("cancel the run", "ServiceUnavailable", "Azure is out.")
        return self._cancel(payload)


def test_a_build_during_whose_watching_azure_is_out_again_and_again_leaves_short_histories():
    build = AwayAzure()
    build.answers_nothing(since=timedelta(minutes=2), until=timedelta(minutes=50))
    assert build.watch().progress.run_state is ImageRunState.SUCCEEDED
    assert build.play.longest_histories["watch_image_build"] < MOST_EVENTS


def test_a_cancellation_that_azure_does_not_answer_is_not_forgotten_over_the_histories():
    build = AwayAzure(cancellations_in_vain=3)
    build.cancel_during(reading=4)
    end = build.watch()
    assert end.progress.run_state is ImageRunState.CANCELED
    assert end.canceled_because is not None
    assert end.canceled_because.code == "RunCanceled"
    assert build.play.longest_histories["watch_image_build"] < MOST_EVENTS
