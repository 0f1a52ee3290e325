from datetime import timedelta

import pytest

from models.errors import AzureUnavailable
from models.pipeline_run import PipelineRun, Scope, Starter
from models.stage_messages import Done
from models.upkeep import DueRun, LastRun, LookReason, LookRequest, LookResult, PipelineStarted, Upkeep
from orchestrators.keep_image_current import EVENTS_PER_HISTORY, keep_image_current
from orchestrators.upkeep import LOOK_EVENT, upkeep_instance
from tests.rehearsals.rehearsal import Rehearsal

INSTANCE = upkeep_instance("linux")
DUE = LookResult(
    due=DueRun(
        scope=Scope.ONLY_ASSETS_AND_IMAGE,
        environments=("sbx", "prd"),
        started_by=Starter(kind="upload", reason="linux/a.sh was changed."),
        approvals={},
    )
)
NOTHING = LookResult()


class Upkeeper:
    """What keeps an image current, on the stage; it never ends, so it is played for some time."""

    def __init__(self, **script):
        starts = {"start_pipeline_run": lambda asked: PipelineStarted(run_id=asked["run"]["id"], started=True)}
        self.play = Rehearsal(starts | {"publish_record": Done(), "find_last_run": LastRun()} | script, [])
        self.began = self.play.now
        self.looks: list[float] = []
        found = self.play.script["find_due_run"]

        def look(asked):
            self.looks.append((self.play.now - self.began).total_seconds())
            if isinstance(found, list):
                return found.pop(0) if len(found) > 1 else found[0]
            return found

        self.play.script["find_due_run"] = look
        self.ended = self.play.start(keep_image_current, Upkeep(image="linux").to_payload(), INSTANCE)

    def upload(self, seconds, window=60, uploaded_at=None):
        changed_at = self.began + timedelta(seconds=seconds if uploaded_at is None else uploaded_at)
        request = LookRequest(
            image="linux", reason=LookReason.UPLOAD, changed_at=changed_at, quiet_seconds=window
        ).to_payload()
        self.play.raise_event(INSTANCE, LOOK_EVENT, request, after=timedelta(seconds=seconds))
        return self

    def ask(self, seconds, reason=LookReason.TIMER):
        request = LookRequest(image="linux", reason=reason).to_payload()
        self.play.raise_event(INSTANCE, LOOK_EVENT, request, after=timedelta(seconds=seconds))
        return self

    def go_on(self, seconds=86_400):
        self.play.play_for(timedelta(seconds=seconds))
        assert not self.ended.is_complete, self.ended.get_result()
        return self

    @property
    def started(self):
        return [PipelineRun.from_payload(asked["run"]) for asked in self.play.inputs.get("start_pipeline_run", [])]


def test_several_uploads_close_together_are_one_look_after_the_last_has_been_quiet():
    upkeeper = Upkeeper(find_due_run=[DUE, NOTHING]).upload(0).upload(30).upload(80).go_on()
    assert upkeeper.looks == [140]
    (run,) = upkeeper.started
    assert (run.scope, run.environments, run.started_by.kind) == (
        Scope.ONLY_ASSETS_AND_IMAGE,
        ("sbx", "prd"),
        "upload",
    )
    assert run.remove_image_templates


def test_a_repeated_event_of_an_old_upload_makes_nothing_wait():
    upkeeper = Upkeeper(find_due_run=NOTHING).upload(0).upload(50, uploaded_at=0).upload(59, uploaded_at=0).go_on()
    assert upkeeper.looks == [60]


def test_a_clock_that_is_ahead_makes_nothing_wait_longer_than_the_window():
    upkeeper = Upkeeper(find_due_run=NOTHING).upload(0, uploaded_at=10_000).go_on()
    assert upkeeper.looks == [60]


def test_a_look_that_comes_before_the_event_of_an_upload_leaves_it_its_quiet_window():
    upkeeper = Upkeeper(find_due_run=NOTHING)
    early = LookResult(quiet_at=upkeeper.began + timedelta(seconds=70))
    made = upkeeper.play.script["find_due_run"]
    upkeeper.play.script["find_due_run"] = lambda asked: (made(asked), early if len(upkeeper.looks) == 1 else DUE)[1]
    upkeeper.ask(12).go_on()
    assert upkeeper.looks == [12, 70]
    assert len(upkeeper.started) == 1


def test_the_time_of_an_event_that_names_no_zone_is_read_as_utc():
    upkeeper = Upkeeper(find_due_run=NOTHING)
    request = {"image": "linux", "reason": "upload", "changedAt": "2026-03-11T03:00:20", "quietSeconds": 60}
    upkeeper.play.raise_event(INSTANCE, LOOK_EVENT, request, after=timedelta(seconds=30))
    upkeeper.go_on()
    assert upkeeper.looks == [80]


def test_a_look_that_finds_nothing_starts_nothing():
    upkeeper = Upkeeper(find_due_run=NOTHING).ask(0).go_on()
    assert upkeeper.looks == [0]
    assert upkeeper.started == []


def test_while_another_run_is_on_its_end_asks_for_the_next_look():
    answers = [PipelineStarted(run_id="another", started=False), PipelineStarted(run_id="ours", started=True)]
    upkeeper = Upkeeper(find_due_run=[DUE, DUE, NOTHING], start_pipeline_run=answers)
    upkeeper.upload(0).ask(75, LookReason.RUN_ENDED).go_on()
    assert upkeeper.looks == [60, 75]


def test_a_start_tells_which_run_was_the_last_one_when_the_look_began_that_found_it_due():
    upkeeper = Upkeeper(find_due_run=[DUE, NOTHING], find_last_run=LastRun(run_id="earlier")).ask(10).go_on()
    (asked,) = upkeeper.play.inputs["start_pipeline_run"]
    assert asked["lastRun"] == {"runId": "earlier"}
    asked_for = [step.partition(" ")[0] for step in upkeeper.play.steps]
    assert asked_for.index("find_last_run") < asked_for.index("find_due_run")


def test_while_another_run_is_on_and_nobody_tells_of_its_end_it_is_looked_again_ever_more_seldom():
    on = PipelineStarted(run_id="another", started=False)
    upkeeper = Upkeeper(find_due_run=DUE, start_pipeline_run=on).ask(0).go_on(4 * 3600)
    pauses = [later - earlier for earlier, later in zip(upkeeper.looks, upkeeper.looks[1:], strict=False)]
    assert pauses[:7] == [30, 60, 120, 240, 480, 960, 1920]
    assert max(pauses) == 3600


def test_an_upload_during_another_run_has_its_quiet_window_although_looks_are_made_by_themselves():
    answers = [PipelineStarted(run_id="another", started=False), PipelineStarted(run_id="ours", started=True)]
    upkeeper = Upkeeper(find_due_run=[DUE, DUE, NOTHING], start_pipeline_run=answers)
    upkeeper.ask(0).upload(20).go_on()
    assert upkeeper.looks == [0, 80]


def test_what_comes_while_it_looks_is_looked_at_afterwards():
    upkeeper = Upkeeper(find_due_run=NOTHING)

    def look_and_be_asked(_asked):
        if len(upkeeper.looks) == 1:
            upkeeper.ask(0)
        return NOTHING

    made = upkeeper.play.script["find_due_run"]
    upkeeper.play.script["find_due_run"] = lambda asked: (made(asked), look_and_be_asked(asked))[1]
    upkeeper.ask(10).go_on()
    assert upkeeper.looks == [10, 15]


def test_a_flood_of_events_makes_it_look_no_more_than_every_few_seconds():
    upkeeper = Upkeeper(find_due_run=NOTHING)
    for tenth in range(600):
        upkeeper.ask(tenth / 10)
    upkeeper.go_on()
    assert upkeeper.looks == list(range(0, 65, 5))


def test_the_next_patch_run_is_looked_for_when_it_is_due_though_no_timer_fires():
    upkeeper = Upkeeper(find_due_run=NOTHING)
    due_at = upkeeper.began + timedelta(days=20)
    made = upkeeper.play.script["find_due_run"]
    upkeeper.play.script["find_due_run"] = lambda asked: made(asked).model_copy(
        update={"next_at": due_at if len(upkeeper.looks) == 1 else None}
    )
    upkeeper.ask(0).go_on(40 * 86_400)
    assert upkeeper.looks == [0, 20 * 86_400]


def test_a_patch_run_that_has_nothing_to_do_is_recorded_with_its_reason():
    skipped = Starter(kind="timer", month="2026-03", reason="Nothing has changed.")
    upkeeper = Upkeeper(find_due_run=[LookResult(skipped=skipped), NOTHING]).ask(0).go_on()
    (record,) = upkeeper.play.inputs["publish_record"]
    assert (record["state"], record["skippedBecause"]) == ("Skipped", "Nothing has changed.")
    assert record["startedBy"]["month"] == "2026-03"
    assert record["endedAt"] == record["startedAt"]
    assert upkeeper.started == []


def test_a_look_that_brings_no_answer_is_made_again():
    upkeeper = Upkeeper(find_due_run=NOTHING)
    made = upkeeper.play.script["find_due_run"]

    def look(asked):
        found = made(asked)
        return AzureUnavailable("list uploads", "ServerBusy", "Later.") if len(upkeeper.looks) < 3 else found

    upkeeper.play.script["find_due_run"] = look
    upkeeper.ask(0).go_on()
    assert upkeeper.looks == [0, 30, 90]


@pytest.mark.parametrize("uploads", [EVENTS_PER_HISTORY - 1, EVENTS_PER_HISTORY, 3 * EVENTS_PER_HISTORY + 7])
def test_any_number_of_events_is_taken_up_and_histories_stay_short(uploads):
    upkeeper = Upkeeper(find_due_run=NOTHING)
    for _ in range(uploads):
        upkeeper.upload(5)
    upkeeper.go_on()
    assert upkeeper.looks == [65]
    assert max(upkeeper.play.longest_histories.values()) < 300


def test_two_runs_that_are_started_have_two_ids():
    upkeeper = Upkeeper(find_due_run=[DUE, DUE, NOTHING]).ask(0).ask(5).go_on()
    first, second = upkeeper.started
    assert first.id != second.id
