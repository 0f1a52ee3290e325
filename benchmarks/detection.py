"""How late the end of a build is seen, and how often Azure is read for it: this product, and what else is done.

Hundreds of simulated builds with a clock that jumps: the real orchestrator and policy, and the real poller of the SDK.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import mean

from rich.table import Table

from benchmarks.sdk_poller import poll_with_the_sdk
from models.image_build import PastBuild
from tests.rehearsals.watched_build import WatchedBuild

SEED = 20260311
IMAGES, BUILDS_BEFORE, BUILDS = 40, 8, 8
SHORTEST_USUAL, LONGEST_USUAL = timedelta(minutes=15), timedelta(minutes=60)
HISTORY = 10
FIXED_INTERVAL = timedelta(seconds=15)
# The SDK makes each of its many requests for real: it is let watch fewer builds.
SDK_SHARE = 8
# What Event Grid is taken to do: it delivers within so many seconds, loses some events and repeats some.
SLOWEST_EVENT_SECONDS, LOST, REPEATED = 2.0, 0.005, 0.05


@dataclass(frozen=True)
class Watching:
    """What watching one build came to."""

    took: timedelta
    lag: timedelta
    reads: int


def detection_table() -> Table:
    """Return lag and reads of all ways, each for builds that vary a little and for builds that vary more."""
    table = Table(
        "way",
        "builds vary by",
        "mean lag, s",
        "19 of 20 within, s",
        "reads an hour",
        title=f"the end of a build of 15 to 60 minutes, seen: {IMAGES * BUILDS} builds, seed {SEED}",
        caption=f"events: within 0.2 to {SLOWEST_EVENT_SECONDS:g} s, {LOST:.1%} lost, {REPEATED:.0%} repeated",
    )
    ways: dict[str, Callable[[random.Random, Spread], list[Watching]]] = {
        "this product, with events": lambda chance, spread: _watched(chance, spread, with_events=True),
        "this product, by polling only": lambda chance, spread: _watched(chance, spread, with_events=False),
        "a poll every 15 s": _polled_at_a_fixed_interval,
        "the SDK's own poller": _polled_by_the_sdk,
    }
    for way, watch in ways.items():
        for name, spread in SPREADS.items():
            seen = watch(random.Random(SEED), spread)  # noqa: S311  # chance that can be had again, no secret
            table.add_row(way, name, *_figures(seen))
    return table


def _figures(seen: list[Watching]) -> tuple[str, str, str]:
    lags = sorted(one.lag.total_seconds() for one in seen)
    hours = sum((one.took for one in seen), timedelta()) / timedelta(hours=1)
    late = lags[int(len(lags) * 0.95)]
    return f"{mean(lags):.1f}", f"{late:.1f}", f"{sum(one.reads for one in seen) / hours:.1f}"


type Spread = Callable[[random.Random], float]

# How long a build takes, as a share of what is usual for its image.
SPREADS: dict[str, Spread] = {
    "at most 10 %": lambda chance: chance.uniform(0.9, 1.1),
    "10 % (standard deviation)": lambda chance: max(0.5, chance.gauss(1, 0.1)),
}


def _durations(chance: random.Random, spread: Spread) -> Iterator[list[timedelta]]:
    """Give, image by image, what its builds take, in their order."""
    for _ in range(IMAGES):
        usual = SHORTEST_USUAL + (LONGEST_USUAL - SHORTEST_USUAL) * chance.random()
        yield [usual * spread(chance) for _ in range(BUILDS_BEFORE + BUILDS)]


def _watched(chance: random.Random, spread: Spread, *, with_events: bool) -> list[Watching]:
    """Let the orchestrator watch; each build's history is what it noted of those before."""
    seen: list[Watching] = []
    for durations in _durations(chance, spread):
        history: list[PastBuild] = []
        for number, takes in enumerate(durations):
            build = WatchedBuild(takes, history[:HISTORY])
            if with_events:
                _tell(build, chance)
            noticed_by = build.watch().progress.noticed_by
            history.insert(0, PastBuild(took=takes, noticed_by=noticed_by))
            if number >= BUILDS_BEFORE:
                seen.append(Watching(takes, build.lag, len(build.readings)))
    return seen


def _tell(build: WatchedBuild, chance: random.Random) -> None:
    """Let events tell that the run was accepted, and that it has ended."""
    for moment in (timedelta(0), build.takes):
        copies = 0 if chance.random() < LOST else 2 if chance.random() < REPEATED else 1
        for _ in range(copies):
            build.tell(moment + timedelta(seconds=chance.uniform(0.2, SLOWEST_EVENT_SECONDS)))


def _polled_at_a_fixed_interval(chance: random.Random, spread: Spread) -> list[Watching]:
    seen: list[Watching] = []
    for durations in _durations(chance, spread):
        for takes in durations[BUILDS_BEFORE:]:
            reads = -(-takes // FIXED_INTERVAL)
            seen.append(Watching(takes, reads * FIXED_INTERVAL - takes, reads))
    return seen


def _polled_by_the_sdk(chance: random.Random, spread: Spread) -> list[Watching]:
    measured = [takes for durations in _durations(chance, spread) for takes in durations[BUILDS_BEFORE:]]
    seen: list[Watching] = []
    for takes in measured[::SDK_SHARE]:
        watched_for, reads = poll_with_the_sdk(takes)
        seen.append(Watching(takes, watched_for - takes, reads))
    return seen
