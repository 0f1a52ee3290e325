"""Routes of Azure Resource Manager: templates with named parts, compared without regard to case."""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from local.simulated_azure.arm.messages import ArmRequest, ArmResponse

if TYPE_CHECKING:
    from local.simulated_azure.azure import Azure

type Handler = Callable[["Azure", ArmRequest], Awaitable[ArmResponse]]

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"


@dataclass(frozen=True)
class Route:
    """One operation. `{scope}` in the template stands for any number of parts, every other name for one."""

    method: str
    template: str
    handler: Handler
    provider: str = field(default="")
    """Namespace that must be registered in the subscription; empty where none must."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The template as an expression."""
        parts = re.split(r"\{(\w+)\}", self.template)
        expression = "".join(
            (f"(?P<{part}>.+?)" if part == "scope" else f"(?P<{part}>[^/]+)") if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
        return re.compile(f"{expression}/?", re.IGNORECASE)


class Router:
    """Finds the route of a path; the first that fits wins."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = list(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and the values of its named parts, or None."""
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        return None

    def methods(self, path: str) -> list[str]:
        """Methods that are known at this path."""
        return sorted({route.method for route in self._routes if route.pattern.fullmatch(path)})
