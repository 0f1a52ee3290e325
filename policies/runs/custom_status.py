"""Decides how much of a status is shown while it goes on; the record holds the whole."""

import json
from typing import Any

from models.message import JsonObject

# Durable Functions takes a custom status of at most 16 KB, as UTF-16: two bytes a character.
LONGEST_STATUS = 16 * 1024 // 2
# Messages of Azure have no bound: a build's may be a log.
LONGEST_TEXTS = (2000, 500, 100)


def fitting_status(status: JsonObject) -> JsonObject:
    """Return the status, its long texts cut until the whole of it may be shown."""
    longest_texts = iter(LONGEST_TEXTS)
    shown = status
    while len(json.dumps(shown)) > LONGEST_STATUS and (longest := next(longest_texts, None)):
        shown = _cut(status, longest)
    return shown


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else f"{value[:longest]}…"
    if isinstance(value, list):
        return [_cut(item, longest) for item in value]
    if isinstance(value, dict):
        return {name: _cut(member, longest) for name, member in value.items()}
    return value
