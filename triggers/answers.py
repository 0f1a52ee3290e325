"""What the handlers of the HTTP API have in common: bodies, answers, and the address of a run."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import azure.functions as func

from models.errors import RequestRefused
from models.faults import Fault
from models.message import JsonObject

LONGEST_REQUEST = 16 * 1024


def body_of(request: func.HttpRequest) -> bytes:
    """Return the body of a request; refused where it is longer than any request of this API can be."""
    body = request.get_body()
    if len(body) > LONGEST_REQUEST:
        detail = f"A request takes at most {LONGEST_REQUEST} bytes; this one has {len(body)}."
        raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long", detail)
    return body


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
