"""Who may call what: function, master and system keys, in the header `x-functions-key` or as `?code=`."""

import secrets
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Keys:
    """The keys of a host. The master key opens everything, the system key the webhooks of extensions."""

    function: str
    master: str
    system: str

    def open(self, request: Request, level: str) -> bool:
        """Say whether a request may pass at a level: `anonymous`, `function`, `system` or `admin`."""
        accepted = {
            "anonymous": None,
            "function": (self.function, self.master),
            "system": (self.system, self.master),
            "admin": (self.master,),
        }[level.lower()]
        if accepted is None:
            return True
        given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
        return any(secrets.compare_digest(given.encode(), key.encode()) for key in accepted)
