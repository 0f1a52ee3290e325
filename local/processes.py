"""Starts the parts of a stack as processes of their own, and ends those and no others."""

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local.certificates import write_secretly

PROJECT = Path(__file__).parent.parent
SECONDS_TO_START = 60
SECONDS_TO_END = 10
SECONDS_BETWEEN_LOOKS = 0.02
TAIL_LINES = 20

# The parts outlive whoever starts them. Python would complain of one that is forgotten while it runs.
_STARTED: list["subprocess.Popen[bytes]"] = []


class PartFailedError(Exception):
    """A part of the stack did not start; the message has the end of its log."""


@dataclass
class Part:
    """A part of a stack that was started: its process, and the file that takes what it says on standard output."""

    name: str
    process: "subprocess.Popen[bytes]"
    output: Path
    log: Path

    def ready(self, announcement: str = r"^(\{.*\})$") -> str:
        """Wait for the line by which the part says that it is ready, and return what the pattern's group takes.

        Raises PartFailedError where it ends before, or says nothing for a minute.
        """
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            found = re.search(announcement, self.output.read_text(encoding="utf-8"), re.MULTILINE)
            if found:
                return found[1]
            if self.process.poll() is not None:
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
        said = "".join(file.read_text(encoding="utf-8", errors="replace") for file in (self.log, self.output))
        tail = "\n".join(said.splitlines()[-TAIL_LINES:])
        raise PartFailedError(f"The {self.name} did not start ({self.log}):\n{tail}")

    def announced(self) -> dict[str, Any]:
        """Wait until the part is ready and return what it said, as JSON."""
        return json.loads(self.ready())


class Processes:
    """The processes of the stack in a folder. They outlive this program: a file for each remembers it."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "logs"
        self._records = folder / "processes"
        # Those started by this object are our children: we have to reap them.
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: list[str], environment: Mapping[str, str] | None = None) -> Part:
        """Start a part in the background; what it writes goes to `logs/`."""
        # What the parts say at their start holds secrets of the stack.
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        output, log = self._logs / f"{name}.out", self._logs / f"{name}.log"
        with output.open("wb") as out, log.open("wb") as err:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, **(environment or {})},
                cwd=PROJECT,
                start_new_session=True,
            )
        self._children.append(process)
        _STARTED.append(process)
        self.remember(name, process.pid)
        return Part(name, process, output, log)

    def remember(self, name: str, pid: int) -> None:
        """Take a process into the stack; its start time tells it from a later one with the same id."""
        self._records.mkdir(parents=True, exist_ok=True)
        record = {"name": name, "pid": pid, "startedAt": psutil.Process(pid).create_time()}
        write_secretly(self._records / f"{pid}.json", json.dumps(record))

    def running(self) -> list[psutil.Process]:
        """Return the processes of this stack that still run, in the order in which they were started."""
        records = [json.loads(file.read_text(encoding="utf-8")) for file in self._records.glob("*.json")]
        records.sort(key=lambda record: record["startedAt"])
        return [process for record in records if (process := _find(record))]

    def stop(self) -> None:
        """End the processes of this stack, the newest first; one that does not end in time is killed."""
        for process in reversed(self.running()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
                if not _ends(process):
                    process.kill()
                    _ends(process)
        for child in self._children:
            child.wait()
        for file in self._records.glob("*.json"):
            file.unlink(missing_ok=True)


def _find(record: dict[str, Any]) -> psutil.Process | None:
    try:
        process = psutil.Process(record["pid"])
        is_ours = abs(process.create_time() - record["startedAt"]) < 1
        return process if is_ours and not _has_ended(process) else None
    except psutil.NoSuchProcess:
        return None


def _ends(process: psutil.Process) -> bool:
    """Wait for a process to end; returns whether it did in time."""
    deadline = time.monotonic() + SECONDS_TO_END
    while not _has_ended(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return True


def _has_ended(process: psutil.Process) -> bool:
    # One whose parent has not looked yet is still listed, though it has ended.
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
