"""A file that an operator wrote, and how a finding points into it."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from configuration.checking.json_with_comments import JsonPath, Node, Place
from models.faults import Fault, Remark
from models.redaction import redacted

_LONGEST_VALUE: Final = 80
_LONGEST_SENTENCE: Final = 500
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][\w$-]*")
_SECRET_KEY: Final = re.compile(
    r"password|passwd|secret|token|credential|connectionstring|accesskey|accountkey", re.IGNORECASE
)
_COMMAND_KEYS: Final = frozenset({"inline", "restartCommand", "restartCheckCommand"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that could be read: its name in the folder and its values with their places."""

    name: str
    node: Node

    def value(self, path: JsonPath) -> Any:
        """Return what stands at a path, or None."""
        node = self.node.find(path)
        return node.data if node else None

    def fault(self, path: JsonPath, problem: str, instead: str, *, place: Place | None = None) -> Fault:
        """Return a fault of the value at a path; it stands there, unless another place is given."""
        return Fault(**self._finding(path, problem, instead, place))

    def remark(self, path: JsonPath, problem: str, instead: str) -> Remark:
        """Return a remark on the value at a path."""
        return Remark(**self._finding(path, problem, instead))

    def _finding(self, path: JsonPath, problem: str, instead: str, place: Place | None = None) -> dict[str, Any]:
        node = self.node.find(path)
        line, column = place or self._nearest_node(path).place
        return {
            "file": self.name,
            "path": _shortened(path_text(path), _LONGEST_SENTENCE),
            "line": line,
            "column": column,
            "value": shown_value(path, node.data) if node else None,
            "problem": _shortened(problem, _LONGEST_SENTENCE),
            "instead": _shortened(instead, _LONGEST_SENTENCE),
        }

    def _nearest_node(self, path: JsonPath) -> Node:
        """Return the value at a path; where it is missing, the one that should hold it."""
        nodes = (self.node.find(path[:length]) for length in range(len(path), -1, -1))
        return next((node for node in nodes if node), self.node)


def path_text(path: JsonPath) -> str:
    """Return a path as people write it: `parameters.itParam.value.customizationSteps[2].scriptUri`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


def shown_value(path: JsonPath, value: Any) -> str:
    """Return a value as a finding may show it: shortened, without the keys in addresses, no commands, no secrets."""
    if any(isinstance(part, str) and _SECRET_KEY.search(part) for part in path):
        return "(not shown)"
    if isinstance(value, dict | list):
        return "(an object)" if isinstance(value, dict) else f"(a list of {len(value)})"
    if not isinstance(value, str):
        return json.dumps(value)
    if any(part in _COMMAND_KEYS for part in path):
        return f"(a command of {len(value)} characters)"
    return _shortened(redacted(value, mark="…"), _LONGEST_VALUE)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
