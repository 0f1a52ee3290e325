"""Functions hosts that are killed at any moment: every run ends as it must, nothing is doubled, nothing is left."""

import dataclasses
import json
import os
import random
import time
from itertools import batched

import pytest

from local.stack import StackOptions, local_stack
from tests.chaos.approving import approving
from tests.chaos.ends import Findings, look_at_ends
from tests.chaos.hosts import Hosts
from tests.chaos.pipeline_runs import IMAGES, Driver, foundations, wishes, write_configuration
from tests.chaos.storm import Storm
from tests.whole_app.driving import Bakery, eventually

SEED = int(os.environ.get("CHAOS_SEED", "1"))
# Longer than a host may stand still between a reading and what it does upon it: a real build takes many minutes.
BUILD_SECONDS = 6
PATIENCE_SECONDS = 600
SHARE_TO_CANCEL = 0.25
MOST_RUNS = 4  # times as many
LONGEST_SECONDS_TO_CANCELLATION = 60


def write_files(folder, images, environments):
    """Make the parameter files; the last environment waits for an approval."""
    folder.mkdir()
    write_configuration(folder, images)
    pipeline = json.loads((folder / "pipeline.json").read_text())
    del pipeline["environments"][environments:]
    pipeline["environments"][-1]["approval"] = {"timeoutMinutes": 60}
    (folder / "pipeline.json").write_text(json.dumps(pipeline))


def with_cancellations(asked):
    """Let somebody cancel every fourth run, at any step of any environment."""
    chance = random.Random(SEED)  # noqa: S311 - nothing secret
    return [
        dataclasses.replace(wish, cancel_after=chance.uniform(0, LONGEST_SECONDS_TO_CANCELLATION))
        if chance.random() < SHARE_TO_CANCEL
        else wish
        for wish in asked
    ]


@pytest.mark.parametrize(
    ("runs", "images", "environments", "kills"),
    [
        pytest.param(4, 4, 1, 3, marks=pytest.mark.timeout(5 * 60)),
        pytest.param(100, 10, 3, 200, marks=[pytest.mark.chaos, pytest.mark.timeout(60 * 60)]),
    ],
)
def test_whatever_hosts_are_killed_every_run_ends_as_it_must(tmp_path, capsys, runs, images, environments, kills):
    names = IMAGES[:images]
    write_files(tmp_path / "parameters", names, environments)
    options = StackOptions(build_seconds=BUILD_SECONDS, parameters=tmp_path / "parameters")
    with (
        local_stack(tmp_path / "stack", options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as bakery,
        Hosts(tmp_path / "stack", stack) as hosts,
        bakery.served_by(hosts),
    ):
        driver, began = Driver(bakery, PATIENCE_SECONDS), time.monotonic()
        # What all others stand upon is let through.
        with approving(bakery, SEED, share_of_rejections=0):
            ended = driver.drive(foundations(names))
        with approving(bakery, SEED) as rejected, Storm(hosts, stack, SEED) as storm:
            asked = with_cancellations(wishes(SEED, MOST_RUNS * runs, names))
            ended += driver.drive(asked[:runs])
            # Runs go on until there were kills enough.
            for more in batched(asked[runs:], images, strict=True):
                if storm.kills >= kills:
                    break
                ended += driver.drive([*more])
            driver.settle()
        eventually(hosts.serving, bool, 60)
        findings = look_at_ends(bakery, ended, rejected)
        with capsys.disabled():
            print(figures(storm, driver, findings, time.monotonic() - began))  # noqa: T201 - asked for
        assert not findings.wrong, "\n".join(findings.wrong)
        assert not findings.doubled
        assert not findings.leftovers
        assert storm.kills >= kills


def figures(storm: Storm, driver: Driver, findings: Findings, seconds: float) -> str:
    """Say what was done to the hosts, and what came of the runs."""
    strikes = [f"  {times:3} x {name}" for name, times in sorted(storm.strikes.items())]
    ends = ", ".join(f"{count} {state}" for state, count in sorted(findings.ends.items()))
    canceled = ", ".join(f"{count} at {step}" for step, count in sorted(findings.canceled_at.items()))
    return "\n".join(
        [
            f"\n{storm.kills} hosts killed with the seed {SEED}, in {seconds:.0f} s:",
            *strikes,
            f"  {findings.ends.total()} runs, {findings.builds} builds: {ends}.",
            f"  canceled: {canceled or 'none'}.",
            f"  {len(findings.wrong)} ended otherwise, {len(findings.doubled)} doubled, {len(findings.leftovers)} left",
            f"  {sum(driver.course.asked_again.values())} requests had to be asked again.",
        ]
    )
