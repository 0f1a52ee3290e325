"""Azure is unwell, call by call, in all the ways of the table of troubles: every run ends as it must all the same."""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import psutil
import pytest

from local.simulated_azure.troubles import TROUBLES
from local.stack import StackOptions, local_stack
from tests.chaos.clocks import hurried
from tests.chaos.ends import Findings, look_at_ends
from tests.chaos.pipeline_runs import IMAGES, MANY_SHORT_SCOPES, Driver, foundations, wishes, write_configuration
from tests.whole_app.driving import Bakery

SEED = int(os.environ.get("CHAOS_SEED", "1"))
PROBABILITY = 0.1
# All of Azure's addresses but those that the Functions host itself reads and writes: it is not what is tested.
HOSTS_OWN = "/azure-webjobs"
OF_THE_APP = f"^(?!/[^/]+{HOSTS_OWN})"
# Silence takes half a minute each time: for the thousand.
ANSWERED = [name for name, trouble in TROUBLES.items() if not trouble.silent]
MOST_CALLS = 3.0
MOST_MEMORY = 1.2
# Of the clocks, four times a second: pauses between tries take as much less.
JUMP = timedelta(seconds=10)
# The memory of the host after these is compared with that at the end.
FIRST_RUNS = 100


@dataclass
class Course:
    """What came of the runs, and what it took: calls to Azure by service and method, the host's memory in MB."""

    findings: Findings
    runs: int
    calls: dict[str, int]
    memory: list[int]
    seconds: float
    troubles: dict[str, int] = field(default_factory=dict[str, int])
    asked_again: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def calls_of_a_run(self) -> float:
        return sum(self.calls.values()) / self.runs


def course_of(folder, runs, images, probability, troubles=()):
    """Let so many runs happen in an Azure of which each call fails with this probability."""
    folder.mkdir()
    names = IMAGES[:images]
    write_configuration(folder, names)
    options = StackOptions(parameters=folder, blob_faults=True)
    with (
        local_stack(folder / "stack", options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as bakery,
    ):
        if probability:
            fault = {"path": OF_THE_APP, "probability": probability, "seed": SEED}
            bakery.switch_on(kind="trouble", troubles=troubles, **fault)
        driver, began, memory = Driver(bakery), time.monotonic(), list[int]()
        with hurried(bakery, JUMP):
            # One after the other: the second one finds what the first one made.
            ended = [one for wish in foundations(names) for one in driver.drive([wish])]
            asked = wishes(SEED, runs, names, MANY_SHORT_SCOPES)
            for part in filter(None, (asked[:FIRST_RUNS], asked[FIRST_RUNS:])):
                ended += driver.drive(part)
                memory.append(psutil.Process(stack.functions.pid).memory_info().rss >> 20)
            driver.settle()
        seconds = time.monotonic() - began
        met = [fault["struckAs"] for fault in bakery.simulation.get("/faults").json()["faults"]]
        calls = calls_of_the_app(bakery.simulation.get("/requests/counted").json())
        bakery.simulation.delete("/faults")
        findings = look_at_ends(bakery, ended, ())
        return Course(findings, len(ended), calls, memory, seconds, Counter(*met), driver.course.asked_again)


def calls_of_the_app(calls):
    """Put the blobs of all accounts together; what the Functions host keeps for itself is no call of the app."""
    told = Counter()
    for name, count in calls.items():
        if HOSTS_OWN not in name:
            service, method = name.split()[0], name.split()[-1]
            told[f"{service} {method}"] += count
    return told


@pytest.mark.parametrize(
    ("runs", "images", "faultless", "troubles"),
    [
        pytest.param(2, 2, 0, ANSWERED, marks=pytest.mark.timeout(5 * 60)),
        pytest.param(1000, 16, 100, [], marks=[pytest.mark.chaos, pytest.mark.timeout(3 * 60 * 60)]),
    ],
)
def test_whatever_fails_in_azure_every_run_ends_as_it_must(tmp_path, capsys, runs, images, faultless, troubles):
    course = course_of(tmp_path / "unwell", runs, images, PROBABILITY, troubles)
    with capsys.disabled():
        print(figures(course))  # noqa: T201 - asked for by whoever runs it
    well = course_of(tmp_path / "well", faultless, images, 0.0) if faultless else None
    assert course.troubles
    for found in (course, *([well] if well else [])):
        assert not found.findings.wrong, "\n".join(found.findings.wrong)
        assert not found.findings.doubled
        assert not found.findings.leftovers
    if well:
        ratio = course.calls_of_a_run / well.calls_of_a_run
        with capsys.disabled():
            print(f"  without faults a run takes {well.calls_of_a_run:.0f} calls: {ratio:.2f} times as many")  # noqa: T201
        assert ratio <= MOST_CALLS
        assert course.memory[-1] <= MOST_MEMORY * course.memory[0]


def figures(course: Course) -> str:
    """Say what befell the calls, and what came of the runs."""
    findings = course.findings
    told = [
        f"{course.runs} runs in {course.seconds:.0f} s, each call failing with probability {PROBABILITY}, seed {SEED}:",
        "  ends: " + counted(findings.ends) + f"; {findings.builds} builds",
        f"  calls: {sum(course.calls.values())} ({counted(course.calls)}), {course.calls_of_a_run:.0f} a run",
        f"  troubles: {sum(course.troubles.values())} ({counted(course.troubles)})",
        f"  requests to the app that were sent again: {counted(course.asked_again) or 'none'}",
        f"  memory of the host after {FIRST_RUNS} runs and at the end, in MB: {course.memory}",
        f"  wrong: {len(findings.wrong)}, doubled: {len(findings.doubled)}, left over: {len(findings.leftovers)}",
    ]
    return "\n".join(["", *told])


def counted(table: dict[str, int]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(table.items(), key=lambda one: -one[1]))
