"""The log of all requests and answers, with bounded memory."""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from local.simulated_azure.access.actions import Need
from local.simulated_azure.arm.messages import Json

CAPACITY = 20_000
# What changes something is rarer than reads, and is kept longer.
CAPACITY_FOR_CHANGES = 100_000


class RequestLog:
    """The newest requests, oldest first; each is a JSON object, ready to be validated or printed."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._reads: deque[tuple[int, Json]] = deque(maxlen=CAPACITY)
        self._changes: deque[tuple[int, Json]] = deque(maxlen=CAPACITY_FOR_CHANGES)
        self.counted: Counter[str] = Counter()
        """How many requests came in all, by service (of blobs: by container) and method, also without an answer."""

    def count(self, service: str, method: str) -> None:
        """Count a request that has come."""
        self.counted[f"{service} {method}"] += 1

    def add(self, entry: Json) -> None:
        """Keep one more."""
        kept = self._reads if entry["method"] == "GET" else self._changes
        kept.append((next(self._numbers), entry))

    def all(self) -> list[Json]:
        """A copy, oldest first."""
        return [entry for _, entry in heapq.merge(self._reads, self._changes, key=itemgetter(0))]

    def matching(self, method: str = "", path_part: str = "") -> list[Json]:
        """Those with this method (any if empty) and this text in the url, without regard to case."""
        return [
            entry
            for entry in self.all()
            if method in {"", entry["method"]} and path_part.lower() in entry["url"].lower()
        ]

    def clear(self) -> None:
        """Forget all."""
        self._reads.clear()
        self._changes.clear()
        self.counted.clear()


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers to be logged: the token's value is a secret."""
    return {name: "***" if name.lower() == "authorization" else value for name, value in headers.items()}


def log_entry(time: str, method: str, url: str, request: Any, response: Any, needs: Iterable[Need]) -> Json:
    """One entry; `request` and `response` are JSON objects with headers and body, the response also with its status.

    `needs` are the actions that it stands for.
    """
    actions = [{"action": need.action, "scope": need.scope} for need in needs]
    return {"time": time, "method": method, "url": url, "request": request, "response": response, "actions": actions}
