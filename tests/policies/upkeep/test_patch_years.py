"""Ten years of patches with a timer that nobody can rely on: it is away for weeks, fires twice, its host dies.

A world of its own keeps the books that the policies must come to the same result with.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from models.configuration import PatchSchedule
from models.pipeline_record import PipelineRecord
from models.state import State
from policies.upkeep.patch_schedule import PatchVerdict, patch_decision, patch_moment
from tests.policies.upkeep.patching import at, run, schedule

BEGIN = at("2026-01-20 12:00")
END = at("2036-01-01 00:00")
# So long that it leaves hardly a chance in a month, and so seldom that it leaves one.
AWAY = timedelta(days=14)
FAILING = [State.FAILED, State.TIMED_OUT, State.PARTIALLY_SUCCEEDED]
PERSONS_WILL = [State.CANCELED, State.REJECTED]


@dataclass
class World:
    """An image, its runs, and a timer; `failures` are counted as people would: in a row, up to a success."""

    wish: PatchSchedule
    chance: Random
    failing: float = 0.0
    now: datetime = BEGIN
    records: list[PipelineRecord] = field(default_factory=list[PipelineRecord])
    run_ends: tuple[datetime, State] | None = None
    failures: int = 0
    host_dies: bool = False
    looks: dict[str, set[PatchVerdict]] = field(default_factory=dict[str, set[PatchVerdict]])

    def live(self) -> None:
        self.begin(None)
        back_since = self.now
        while self.now < END:
            if self.now - back_since > AWAY and self.chance.random() < 0.1:
                self.now += AWAY
                back_since = self.now
            else:
                self.now += timedelta(hours=self.chance.choice([1, 6, 40]))
            self.end_run()
            for _ in range(self.chance.choice([1, 1, 2])):
                self.fire()
            if self.chance.random() < 0.02 and self.run_ends is None:
                self.begin(None)

    def fire(self) -> None:
        decision = patch_decision(self.now, self.wish, self.records)
        month = decision.of.month
        if decision.verdict is PatchVerdict.NOT_DUE:
            return
        is_paused = decision.verdict is PatchVerdict.PAUSED
        assert is_paused == (self.failures >= self.wish.failures_before_pause)
        self.looks.setdefault(month, set()).add(decision.verdict)
        # The host may die between decision and start, but not twice in a row.
        self.host_dies = not self.host_dies and self.chance.random() < 0.3
        if not is_paused and not self.host_dies and self.run_ends is None:
            self.begin(month)

    def begin(self, month: str | None) -> None:
        if month and self.chance.random() < 0.2:
            self.records.insert(0, run(self.now, State.SKIPPED, month=month))
            return
        self.records.insert(0, run(self.now, State.RUNNING, month=month))
        draw = self.chance.random()
        state = self.chance.choice(
            FAILING if draw < self.failing else PERSONS_WILL if draw < self.failing + 0.05 else [State.SUCCEEDED]
        )
        self.run_ends = self.now + timedelta(hours=self.chance.choice([1, 3, 60])), state

    def end_run(self) -> None:
        if self.run_ends is None or self.now < self.run_ends[0]:
            return
        _, state = self.run_ends
        self.run_ends = None
        ended = self.records[0].model_copy(update={"state": state})
        self.records[0] = ended
        if state is State.SUCCEEDED:
            self.failures = 0
        elif state in FAILING and ended.started_by.kind == "timer":
            self.failures += 1

    def patches(self) -> Counter[str | None]:
        """Return how often each month was patched, having seen that none was patched before or after its time."""
        for record in self.records:
            if record.started_by.month:
                year, month = map(int, record.started_by.month.split("-"))
                following = divmod(year * 12 + month, 12)
                assert patch_moment(year, month, self.wish) <= record.started_at
                assert record.started_at < patch_moment(following[0], following[1] + 1, self.wish)
        return Counter(record.started_by.month for record in self.records if record.started_by.month)


WISHES = st.builds(
    schedule,
    days_after_patch_tuesday=st.integers(0, 20),
    time=st.sampled_from(["00:00", "02:30", "03:00", "23:59"]),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
    failures_before_pause=st.integers(1, 6),
)
# The image is newer than January's patch day, or else has that patch too; the world ends before the last days are over.
MONTHS = {f"{year}-{month:02}" for year in range(2026, 2036) for month in range(1, 13)} - {
    "2026-01", "2035-11", "2035-12",
}  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(WISHES, st.integers(0, 2**32))
def test_every_month_is_patched_exactly_once_whatever_the_timer_does(wish, seed):
    world = World(wish, Random(seed))  # noqa: S311 - the same seed is to give the same years
    world.live()
    patches = world.patches()
    assert set(patches.values()) == {1}
    assert set(patches) >= MONTHS


@settings(max_examples=6, deadline=None)
@given(WISHES, st.integers(0, 2**32), st.sampled_from([0.3, 0.7, 0.95]))
def test_no_month_is_lost_but_to_a_pause_and_none_is_patched_in_one(wish, seed, failing):
    world = World(wish, Random(seed), failing)  # noqa: S311 - the same seed is to give the same years
    world.live()
    patches = world.patches()
    assert set(patches.values()) == {1}
    assert set(patches) >= {month for month in MONTHS if world.looks.get(month) == {PatchVerdict.DUE}}
    assert not set(patches) & {month for month, looks in world.looks.items() if looks == {PatchVerdict.PAUSED}}
    assert set(world.looks) >= MONTHS
