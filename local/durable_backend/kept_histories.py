"""Keeps the histories of executions that have ended: the engine itself forgets those that continued as new."""

from collections.abc import Iterable
from pathlib import Path

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToJson


class KeptHistories:
    """Files `<number>.<instance id>.jsonl` in a folder, in the order of the ends.

    A line is an event, in protobuf's JSON.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, instance_id: str, events: Iterable[pb.HistoryEvent]) -> None:
        """Keep the whole history of an execution, its end included."""
        self._number += 1
        lines = (f"{MessageToJson(event, indent=None)}\n" for event in events)
        (self._folder / f"{self._number:03}.{instance_id}.jsonl").write_text("".join(lines), encoding="utf-8")
