"""What keeps an image current, over years of timers that cannot be relied on and thousands of uploads.

The orchestration and the decisions are the app's own; uploads, records and runs are a small model of them.
"""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from models.configuration import PatchSchedule
from models.pipeline_record import PipelineRecord
from models.pipeline_run import PipelineRun, Scope, Starter
from models.scripts import ScriptContent, ScriptOrigin
from models.stage_messages import Done
from models.state import State
from models.upkeep import DueRun, LastRun, LookReason, LookRequest, LookResult, PipelineStarted, Upkeep
from orchestrators.keep_image_current import keep_image_current
from orchestrators.upkeep import LOOK_EVENT, upkeep_instance
from policies.runs.outcome import new_record
from policies.upkeep.image_state import brings_scripts
from policies.upkeep.patch_schedule import PatchVerdict, next_patch, patch_decision
from policies.upkeep.script_changes import changed_uploads
from tests.rehearsals.rehearsal import Rehearsal, Script

IMAGE = "linux"
INSTANCE = upkeep_instance(IMAGE)
SCHEDULE = PatchSchedule(environments=("sbx",))
WINDOW = timedelta(seconds=60)


class Bakery:
    """One image: its uploads, its records newest first, and at most one run at a time."""

    def __init__(self, seed: int, run_lasts: tuple[timedelta, timedelta]) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible play
        self.uploads: dict[str, str] = {}
        self.records: list[PipelineRecord] = []
        self.on: str | None = None
        self._run_lasts = run_lasts
        script: Script = {
            "find_last_run": LastRun(),
            "find_due_run": self._look,
            "start_pipeline_run": self._start,
            "publish_record": self._publish,
        }
        self.play = Rehearsal(script, [])
        self.play.now = datetime(2026, 2, 20, tzinfo=UTC)
        self.ended = self.play.start(keep_image_current, Upkeep(image=IMAGE).to_payload(), INSTANCE)

    @property
    def now(self) -> datetime:
        return self.play.now

    @property
    def contents(self) -> tuple[ScriptContent, ...]:
        uploaded = ScriptOrigin.UPLOADED
        return tuple(
            ScriptContent(path=path, sha256=text, origin=uploaded) for path, text in sorted(self.uploads.items())
        )

    def ask(self, reason: LookReason, changed_at: datetime | None = None) -> None:
        """Let an event ask for a look."""
        quiet = WINDOW.total_seconds() if changed_at else 0
        request = LookRequest(image=IMAGE, reason=reason, changed_at=changed_at, quiet_seconds=quiet)
        self.play.raise_event(INSTANCE, LOOK_EVENT, request.to_payload())

    def upload(self, path: str, text: str) -> None:
        """Change a script; its event comes up to five times, some of them late."""
        changed_at = self.now
        self.uploads[path] = text
        for copy in range(self.chance.randint(1, 5)):
            late = timedelta(seconds=copy * self.chance.uniform(0, 300))
            self.play.call_later(late, lambda: self.ask(LookReason.UPLOAD, changed_at))

    def run_by_hand(self) -> None:
        """Start a run by request, if none is on."""
        if self.on is None:
            self._begin(Starter(kind="http"), Scope.ONLY_ASSETS_AND_IMAGE, self.contents, f"hand-{len(self.records)}")

    def play_for(self, duration: timedelta) -> None:
        self.play.play_for(duration)
        assert not self.ended.is_complete, self.ended.get_result()

    def _look(self, _asked: dict[str, object]) -> LookResult:
        last = next((run for run in self.records if run.scripts and brings_scripts(run.scope)), None)
        next_at = next_patch(self.now, SCHEDULE).moment
        changed = changed_uploads(self.contents, last.scripts if last else (), ())
        if changed:
            starter = Starter(kind="upload", reason=", ".join(changed))
            return self._due(starter, Scope.ONLY_ASSETS_AND_IMAGE, next_at)
        decision = patch_decision(self.now, SCHEDULE, self.records)
        timer = Starter(kind="timer", month=decision.of.month, reason=decision.because)
        match decision.verdict:
            case PatchVerdict.NOT_DUE:
                return LookResult(next_at=next_at)
            case PatchVerdict.PAUSED:
                return LookResult(skipped=timer, next_at=next_at)
            case PatchVerdict.DUE:
                return self._due(timer, Scope.ONLY_IMAGE, next_at)

    def _due(self, starter: Starter, scope: Scope, next_at: datetime) -> LookResult:
        scripts = self.contents if scope is not Scope.ONLY_IMAGE else ()
        due = DueRun(scope=scope, environments=("sbx",), started_by=starter, approvals={}, scripts=scripts)
        return LookResult(due=due, next_at=next_at)

    def _start(self, asked: dict[str, object]) -> PipelineStarted:
        run = PipelineRun.from_payload(asked["run"])
        if self.on is not None:
            return PipelineStarted(run_id=self.on, started=False)
        self._begin(run.started_by, run.scope, run.scripts, run.id)
        return PipelineStarted(run_id=run.id, started=True)

    def _begin(self, starter: Starter, scope: Scope, scripts: tuple[ScriptContent, ...], run_id: str) -> None:
        run = PipelineRun(
            id=run_id,
            image=IMAGE,
            scope=scope,
            environments=("sbx",),
            started_by=starter,
            requested_at=self.now,
            scripts=scripts,
        )
        self.on = run_id
        self.records.insert(0, new_record(run, self.now))
        shortest, longest = self._run_lasts
        self.play.call_later(shortest + self.chance.random() * (longest - shortest), lambda: self._end(run_id))

    def _end(self, run_id: str) -> None:
        state = self.chance.choices([State.SUCCEEDED, State.FAILED, State.CANCELED], [8, 2, 1])[0]
        ended = {"state": state, "ended_at": self.now}
        self.records = [one.model_copy(update=ended) if one.id == run_id else one for one in self.records]
        self.on = None
        self.ask(LookReason.RUN_ENDED)

    def _publish(self, record: dict[str, object]) -> Done:
        self.records.insert(0, PipelineRecord.from_payload(record))
        return Done()


@pytest.mark.parametrize("seed", range(4))
def test_an_unreliable_timer_gives_one_patch_run_for_each_month(seed):
    bakery = Bakery(seed, (timedelta(minutes=15), timedelta(days=3)))
    bakery.run_by_hand()
    days = 3 * 365
    moments: list[float] = []
    day = 0.0
    while day < days:
        # Away for an hour, a day or two months; then it may fire several times at once.
        day += bakery.chance.choice([1 / 24, 1 / 24, 1, 3, 60])
        moments += [day] * bakery.chance.choice([1, 1, 2, 5])
    for moment in moments:
        bakery.play.call_later(timedelta(days=moment), lambda: bakery.ask(LookReason.TIMER))
    for moment in range(10, days, 40):
        bakery.play.call_later(timedelta(days=moment, hours=seed), bakery.run_by_hand)
    bakery.play_for(timedelta(days=days))
    months = [record.started_by.month for record in reversed(bakery.records) if record.started_by.kind == "timer"]
    first = 2026 * 12 + 2
    expected = [f"{month // 12}-{month % 12 + 1:02}" for month in range(first, first + len(months))]
    assert months == expected
    assert len(months) >= 35


@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_uploads_are_built_once_each_change_and_the_last_content_of_every_file_is_in_the_last_build(seed):
    bakery = Bakery(seed, (timedelta(minutes=2), timedelta(minutes=40)))

    def change() -> None:
        path, text = f"linux/{bakery.chance.randrange(14)}.sh", str(bakery.chance.randrange(3))
        bakery.upload(path, text)

    moment = timedelta()
    gaps: list[timedelta] = []
    for _ in range(333):
        gap = timedelta(seconds=bakery.chance.choice([1, 5, 20, 20, 90, 4000]))
        gaps.append(gap)
        moment += gap
        bakery.play.call_later(moment, change)
    bakery.play_for(moment + timedelta(hours=12))
    builds = [record for record in reversed(bakery.records) if record.started_by.kind == "upload"]
    given = [{script.path: script.sha256 for script in build.scripts} for build in builds]
    assert given[-1] == bakery.uploads
    assert all(earlier != later for earlier, later in itertools.pairwise(given))
    # Uploads closer together than the window are never two builds, whatever their events do.
    assert len(builds) <= 1 + sum(gap > WINDOW for gap in gaps)
    assert len(builds) > 20
