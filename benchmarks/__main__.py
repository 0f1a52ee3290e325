"""`python -m benchmarks`: how soon ends of builds are seen; what a bake and an upload take on a local stack."""

import argparse
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.detection import detection_table
from benchmarks.uploads import SETTINGS, upload_lags
from cli.bakery_api import BakeryApi
from local.stack import Stack, StackOptions, local_stack
from models.pipeline_record import PipelineRecord
from models.pipeline_run import StepName
from orchestrators import watch_image_build

OPTIONS = {"image": "linux", "startEnvironment": "sbx", "stopEnvironment": "sbx", "scope": "all"}
SECONDS_BETWEEN_READS = 0.5
WIDTH_OF_LOGS = 120


def main() -> None:
    """Print the table of detection; bake once and print the longest activities, the steps and the calls to Azure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--build-seconds", type=float, default=20.0, help="length of the simulated build")
    build_seconds: float = parser.parse_args().build_seconds
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_OF_LOGS)
    console.print(detection_table())
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        with local_stack(Path(folder), StackOptions(build_seconds=build_seconds, settings=SETTINGS)) as stack:
            console.print(f"local stack ready after {time.monotonic() - began:.1f} s")
            with BakeryApi(stack.functions.url, stack.functions.function_key) as api:
                record = _bake(api)
            _print_steps(console, record)
            _print_detection(console, record)
            _print_activities(console, _activities(stack.functions.url, stack.functions.system_key, record))
            _print_calls(console, _requests(stack.arm.url, stack.ca_file))
            _print_uploads(console, stack)


def _bake(api: BakeryApi) -> PipelineRecord:
    run_id = api.start_run(OPTIONS)
    while (record := api.get_run(run_id)).ended_at is None:
        time.sleep(SECONDS_BETWEEN_READS)
    return record


def _activities(url: str, system_key: str, record: PipelineRecord) -> list[tuple[str, float]]:
    """Return each activity of a run and its seconds, from being scheduled to its answer, longest first."""
    taken: list[tuple[str, float]] = []
    run_id, image = record.id, record.image
    environment = OPTIONS["startEnvironment"]
    names = (
        f"pipeline-{image}",
        *(f"{run_id}-{environment}{part}" for part in ("", ".infrastructure")),
        *(watch_image_build.instance_id(stage.build.template_id) for stage in record.stages if stage.build),
    )
    for instance_id in names:
        answer = httpx.get(
            f"{url}/runtime/webhooks/durabletask/instances/{instance_id}",
            params={"showHistory": "true", "code": system_key},
        )
        for event in answer.raise_for_status().json().get("historyEvents", []):
            if event["EventType"] == "TaskCompleted":
                began, ended = (datetime.fromisoformat(event[key]) for key in ("ScheduledTime", "Timestamp"))
                taken.append((event["FunctionName"], (ended - began).total_seconds()))
    return sorted(taken, key=lambda one: one[1], reverse=True)


def _requests(arm_url: str, ca_file: str) -> list[dict[str, Any]]:
    return httpx.get(f"{arm_url}/_simulation/requests", verify=ca_file).json()["requests"]


def _print_steps(console: Console, record: PipelineRecord) -> None:
    table = Table("step", "seconds", title=f"{record.id}: {record.state}")
    for stage in record.stages:
        for step in stage.steps:
            table.add_row(step.name, f"{step.duration_seconds:.1f}")
    table.add_row("all", f"{record.duration_seconds:.1f}")
    console.print(table)


def _print_detection(console: Console, record: PipelineRecord) -> None:
    """Print how late the end of the build was seen here: both clocks are the machine's."""
    for stage in record.stages:
        seen_at = next(step.ended_at for step in stage.steps if step.name is StepName.BUILD)
        if stage.build and stage.build.ended_at and seen_at:
            lag = (seen_at - stage.build.ended_at).total_seconds()
            console.print(f"the end of the build was seen by {stage.build.noticed_by} after {lag:.2f} s")


def _print_activities(console: Console, taken: list[tuple[str, float]]) -> None:
    table = Table("activity", "seconds", title=f"the longest of {len(taken)} activities")
    for name, seconds in taken[:5]:
        table.add_row(name, f"{seconds:.2f}")
    console.print(table)
    console.print(f"longest activity: {taken[0][0]} {taken[0][1]:.2f} s")


def _print_uploads(console: Console, stack: Stack) -> None:
    """Print how long uploads take to reach Azure; the builds that they start are short."""
    httpx.post(f"{stack.arm.url}/_simulation/pace", json={"buildSeconds": 1}, verify=stack.ca_file).raise_for_status()
    with BakeryApi(stack.functions.url, stack.functions.function_key) as api:
        lags = upload_lags(stack, api)
    console.print(
        f"from an upload to its image template, beyond the quiet window: {mean(lags):.2f} s on average, "
        f"{max(lags):.2f} s at most, of {len(lags)} (the window begins up to a second early: blobs tell whole seconds)"
    )


def _print_calls(console: Console, requests: list[dict[str, Any]]) -> None:
    reads = sum(entry["method"] == "GET" for entry in requests)
    console.print(f"calls to Azure Resource Manager: {reads} reads, {len(requests) - reads} writes")


if __name__ == "__main__":
    main()
