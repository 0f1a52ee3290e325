"""How late the end of a build is seen, and how often Azure is read for it: this product, and what else is done.

Hundreds of simulated builds with a clock that jumps: the real orchestrator and policy, and the real poller of the SDK.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import mean

from rich.table import Column, Table

from benchmarks.sdk_poller import poll_with_the_sdk
from models.image_build import PastBuild
from policies.builds.history import past_build
from tests.rehearsals.watched_build import WatchedBuild

SEED = 20260311
IMAGES, BUILDS_BEFORE, BUILDS = 40, 8, 24
SHORTEST_USUAL, LONGEST_USUAL = timedelta(minutes=15), timedelta(minutes=60)
# What is taken for a build: a share of it, by the regions of the image, is distribution, and varies by itself.
SMALLEST_DISTRIBUTION, LARGEST_DISTRIBUTION, SPREAD_OF_DISTRIBUTION = 0.15, 0.35, 0.2
# So many builds fail before their distribution, at any moment once this share of the time until then is over.
FAILED, EARLIEST_FAILURE = 0.03, 0.05
HISTORY = 10
FIXED_INTERVAL = timedelta(seconds=15)
# The SDK makes each of its many requests for real: it is let watch fewer builds.
SDK_SHARE = 12
# What Event Grid is taken to do: it delivers within so many seconds, loses some events and repeats some.
SLOWEST_EVENT_SECONDS, LOST, REPEATED = 2.0, 0.005, 0.05
ASSUMPTIONS = (
    f"distribution: {SMALLEST_DISTRIBUTION:.0%} to {LARGEST_DISTRIBUTION:.0%} of a build, by image, and varies by "
    f"{SPREAD_OF_DISTRIBUTION:.0%} more; {FAILED:.0%} of the builds fail before it\n"
    f"events: within 0.2 to {SLOWEST_EVENT_SECONDS:g} s, {LOST:.1%} lost, {REPEATED:.0%} repeated"
)


@dataclass(frozen=True)
class Build:
    """How long a build takes, and its distribution at the end of that; `fails_after` where it fails before."""

    takes: timedelta
    distributes_for: timedelta
    fails_after: timedelta | None

    @property
    def ends_after(self) -> timedelta:
        """Return how long it is on, however it ends."""
        return self.takes if self.fails_after is None else self.fails_after


@dataclass(frozen=True)
class Watching:
    """What watching one build came to."""

    build: Build
    lag: timedelta
    reads: int


def detection_table(seed: int = SEED) -> Table:
    """Return lag and reads of all ways, each for builds that vary a little and for builds that vary more."""
    table = Table(
        Column("way", no_wrap=True),
        Column("vary by", no_wrap=True),
        "mean lag, s",
        "19 of 20 within, s",
        "reads an hour",
        "failures: mean lag, s",
        title=f"the end of a build of 15 to 60 minutes, seen: {IMAGES * BUILDS} builds, seed {seed}",
        caption=ASSUMPTIONS,
    )
    for way, watch in WAYS.items():
        for name, spread in SPREADS.items():
            chance = random.Random(seed)  # noqa: S311  # chance that can be had again, no secret
            table.add_row(way, name, *_figures(watch(_builds(seed, spread), chance)))
    return table


def _figures(seen: list[Watching]) -> tuple[str, str, str, str]:
    lags = sorted(one.lag.total_seconds() for one in seen if one.build.fails_after is None)
    of_failures = [one.lag.total_seconds() for one in seen if one.build.fails_after is not None]
    hours = sum((one.build.ends_after for one in seen), timedelta()) / timedelta(hours=1)
    late = lags[int(len(lags) * 0.95)]
    return (
        f"{mean(lags):.1f}",
        f"{late:.1f}",
        f"{sum(one.reads for one in seen) / hours:.1f}",
        f"{mean(of_failures):.0f}",
    )


type Spread = Callable[[random.Random], float]

# How long a build takes, as a share of what is usual for its image.
SPREADS: dict[str, Spread] = {
    "up to 10 %": lambda chance: chance.uniform(0.9, 1.1),
    "10 % (deviation)": lambda chance: max(0.5, chance.gauss(1, 0.1)),
}


def _builds(seed: int, spread: Spread) -> list[list[Build]]:
    """Return, image by image, its builds in their order."""
    chance = random.Random(seed)  # noqa: S311  # as above
    evenly = [(number + 0.5) / IMAGES for number in range(IMAGES)]
    images: list[list[Build]] = []
    for length, part in zip(evenly, chance.sample(evenly, IMAGES), strict=True):
        usual = SHORTEST_USUAL + (LONGEST_USUAL - SHORTEST_USUAL) * length
        share = SMALLEST_DISTRIBUTION + (LARGEST_DISTRIBUTION - SMALLEST_DISTRIBUTION) * part
        images.append([_build(chance, usual * spread(chance), share) for _ in range(BUILDS_BEFORE + BUILDS)])
    return images


def _build(chance: random.Random, takes: timedelta, usual_share: float) -> Build:
    share = usual_share * max(SPREAD_OF_DISTRIBUTION, chance.gauss(1, SPREAD_OF_DISTRIBUTION))
    fails = chance.random() < FAILED
    fails_after = takes * (1 - share) * chance.uniform(EARLIEST_FAILURE, 1) if fails else None
    return Build(takes, takes * share, fails_after)


def _watched(images: list[list[Build]], chance: random.Random, *, with_events: bool) -> list[Watching]:
    """Let the orchestrator watch; each build's history is what it noted of those before."""
    seen: list[Watching] = []
    for builds in images:
        history: list[PastBuild] = []
        for number, build in enumerate(builds):
            watched = WatchedBuild(
                build.takes,
                history[:HISTORY],
                distributes_for=build.distributes_for,
                fails_after=build.fails_after,
            )
            if with_events:
                _tell(watched, chance)
            told = past_build(watched.watch().progress)
            history[:0] = [told] if told else []
            if number >= BUILDS_BEFORE:
                seen.append(Watching(build, watched.lag, len(watched.readings)))
    return seen


def _tell(build: WatchedBuild, chance: random.Random) -> None:
    """Let events tell that the run was accepted, and that it has ended."""
    for moment in (timedelta(0), build.takes):
        copies = 0 if chance.random() < LOST else 2 if chance.random() < REPEATED else 1
        for _ in range(copies):
            build.tell(moment + timedelta(seconds=chance.uniform(0.2, SLOWEST_EVENT_SECONDS)))


def _measured(images: list[list[Build]]) -> list[Build]:
    return [build for builds in images for build in builds[BUILDS_BEFORE:]]


def _polled_at_a_fixed_interval(images: list[list[Build]], _chance: random.Random) -> list[Watching]:
    seen: list[Watching] = []
    for build in _measured(images):
        reads = -(-build.ends_after // FIXED_INTERVAL)
        seen.append(Watching(build, reads * FIXED_INTERVAL - build.ends_after, reads))
    return seen


def _polled_by_the_sdk(images: list[list[Build]], _chance: random.Random) -> list[Watching]:
    seen: list[Watching] = []
    for build in _measured(images)[::SDK_SHARE]:
        watched_for, reads = poll_with_the_sdk(build.ends_after)
        seen.append(Watching(build, watched_for - build.ends_after, reads))
    return seen


WAYS: dict[str, Callable[[list[list[Build]], random.Random], list[Watching]]] = {
    "here, with events": partial(_watched, with_events=True),
    "here, polling only": partial(_watched, with_events=False),
    "a poll every 15 s": _polled_at_a_fixed_interval,
    "the SDK's own poller": _polled_by_the_sdk,
}
