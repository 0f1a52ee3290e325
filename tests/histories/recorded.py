"""Recorded histories: what one execution of an orchestration went through, turn by turn, as data.

A file has one event a line, in protobuf's JSON; inputs and results stand in it as JSON, not as text of JSON.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf.json_format import ParseDict

FOLDER = Path(__file__).parent / "recorded"
# What an orchestration did; all else happened to it.
DONE = (
    "taskScheduled",
    "timerCreated",
    "subOrchestrationInstanceCreated",
    "eventSent",
    "executionCompleted",
    "orchestratorCompleted",
)
TEXTS_OF_JSON = ("input", "result")


@dataclass(frozen=True)
class Turn:
    """One turn: all that happened before it, what it was woken by, and what it did."""

    before: list[pb.HistoryEvent]
    woken_by: list[pb.HistoryEvent]
    did: list[pb.HistoryEvent]


@dataclass(frozen=True)
class History:
    """The history of one execution; `told` is where it was recorded."""

    told: str
    events: list[pb.HistoryEvent]

    @property
    def orchestrator(self) -> str:
        """The name of the orchestrator."""
        return next(event.executionStarted.name for event in self.events if event.HasField("executionStarted"))

    @property
    def instance_id(self) -> str:
        """The id of the instance."""
        started = next(event.executionStarted for event in self.events if event.HasField("executionStarted"))
        return started.orchestrationInstance.instanceId

    @property
    def turns(self) -> Iterator[Turn]:
        """Its turns, in order: each is a moment at which a new version of the app may take over."""
        starts = [index for index, event in enumerate(self.events) if event.HasField("orchestratorStarted")]
        for start, end in zip(starts, [*starts[1:], len(self.events)], strict=True):
            turn = self.events[start:end]
            woken_by = [event for event in turn if event.WhichOneof("eventType") not in DONE]
            did = [event for event in turn if event.WhichOneof("eventType") in DONE[:-1]]
            yield Turn(self.events[:start], woken_by, did)


def recorded_files() -> list[Path]:
    """Return the files of all versions."""
    return sorted(FOLDER.rglob("*.jsonl"))


def read(file: Path) -> History:
    """Read a recorded history."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return History(str(file.relative_to(FOLDER)), [as_event(json.loads(line)) for line in lines])


def write(file: Path, events: Iterable[dict[str, Any]]) -> None:
    """Write the events of an execution, as protobuf's JSON has them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(_readable(event), ensure_ascii=False) for event in events)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def as_event(told: dict[str, Any]) -> pb.HistoryEvent:
    """Return the event that a line tells of."""
    return ParseDict(_changed(told, json.dumps), pb.HistoryEvent())


def _readable(event: dict[str, Any]) -> dict[str, Any]:
    return _changed(event, json.loads)


def _changed(event: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return the event with its inputs and results changed from text to JSON, or back."""
    return {
        kind: {name: change(value) if name in TEXTS_OF_JSON and value else value for name, value in details.items()}
        if isinstance(details, dict)
        else details
        for kind, details in event.items()
    }
