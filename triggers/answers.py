"""What the handlers of the HTTP API have in common: bodies, answers, and the address of a run."""

import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import azure.functions as func

from models.errors import RequestRefused
from models.faults import Fault
from models.message import JsonObject

LONGEST_REQUEST = 16 * 1024
LONGEST_LIST = 200
DEFAULT_LIMIT = 50
LIMIT = re.compile(r"[0-9]{1,3}")


def body_of(request: func.HttpRequest) -> bytes:
    """Return the body of a request; refused where it is longer than any request of this API can be."""
    body = request.get_body()
    if len(body) > LONGEST_REQUEST:
        detail = f"A request takes at most {LONGEST_REQUEST} bytes; this one has {len(body)}."
        raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long", detail)
    return body


def limit_of(request: func.HttpRequest) -> int:
    """Return how many entries a list may have at most: the query's `limit`, else the default."""
    limit = request.params.get("limit", str(DEFAULT_LIMIT))
    if LIMIT.fullmatch(limit) and 1 <= int(limit) <= LONGEST_LIST:
        return int(limit)
    fault = Fault(
        file="query",
        path="limit",
        value=limit[:40],
        problem="This is not a number of entries that can be listed.",
        instead=f"a whole number from 1 to {LONGEST_LIST}",
    )
    raise RequestRefused(HTTPStatus.BAD_REQUEST, "Nothing was listed", fault.problem, faults=(fault,))


def json_answer(
    body: JsonObject, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Return a JSON answer."""
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False), status_code=status, headers=headers, mimetype="application/json"
    )


def to_mend(faults: Sequence[Fault]) -> str:
    """Say how much there is to mend."""
    return "1 fault to mend" if len(faults) == 1 else f"{len(faults)} faults to mend"


def status_url(request: func.HttpRequest, run_id: str) -> str:
    """Return the address of a run, without the key that may stand in the request's own."""
    url = urlsplit(request.url)
    return f"{url.scheme}://{url.netloc}/api/runs/{run_id}"
