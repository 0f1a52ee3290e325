"""Requests, responses and errors in the form that Azure Resource Manager gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Json = dict[str, Any]


@dataclass(frozen=True)
class ArmRequest:
    """A request that has a caller, a known api version and a route."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    route: Mapping[str, str]
    resource_id: str
    """The path in the route's own spelling, with the names as the caller wrote them."""
    caller: str
    """Object id of the principal that holds the token."""
    origin: str
    """`https://host:port` as the caller knows it: operations are addressed with it."""

    @property
    def subscription_id(self) -> str:
        """Of the path; empty for tenant-wide addresses."""
        parts = self.path.strip("/").split("/")
        return parts[1] if len(parts) > 1 and parts[0].lower() == "subscriptions" else ""

    @property
    def api_version(self) -> str:
        """As given in the query."""
        return self.query["api-version"]

    def properties(self) -> Json:
        """The body's `properties`, empty when there are none."""
        return dict(self.body.get("properties") or {}) if isinstance(self.body, dict) else {}


@dataclass(frozen=True)
class ArmResponse:
    """Status, JSON body (None: no body at all) and headers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class ArmError(Exception):
    """A refusal: `{"error": {"code", "message"}}` with an HTTP status."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def response(self) -> ArmResponse:
        """The answer that carries it."""
        return ArmResponse(self.status, {"error": {"code": self.code, "message": self.message}}, self.headers)
