"""How the host writes log lines: what a line carries beside its text stands at its end, as JSON."""

import json
import logging
from typing import override

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """One line each, and below it what was raised."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        carried = {name: value for name, value in vars(record).items() if name not in PLAIN}
        told = json.dumps(carried, ensure_ascii=False, default=str) if carried else ""
        return f"{super().formatMessage(record)} {told}".rstrip()
