"""The routes of the HTTP API as data: who may use each, what it takes, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from typing import Final

from configuration.checking.shape import RequestShape
from configuration.decisions import CancellationShape, DecisionShape
from configuration.run_options import RunOptionsShape
from models.approval import ApprovalRecord
from models.image_overview import ImagesList
from models.leftovers import LeftoversReport
from models.message import JsonObject, Message
from models.pipeline_record import PipelineRecord, RunsList
from models.problem import Problem
from models.role import Role
from models.run_plan import RunningRun, RunPlan
from models.scripts import UploadsList
from policies.runs.ids import RUN_ID_PATTERN
from triggers.answers import DEFAULT_LIMIT, LONGEST_LIST


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a route, `place` being `path` or `query`; `schema` is a JSON Schema."""

    name: str
    place: str
    schema: JsonObject
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a status: what it tells, and its body: none, a message of a kind, or, as `Message`, any object."""

    description: str
    body: type[Message] | None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route below `/api/`: the role it needs where people sign in, the body it takes, and each answer of its own.

    `operation` is the name of its handler.
    """

    method: HTTPMethod
    path: str
    operation: str
    role: Role
    summary: str
    answers: Mapping[HTTPStatus, Answer]
    body: type[RequestShape] | None = None
    parameters: tuple[Parameter, ...] = ()


HEADERS: Final[Mapping[str, JsonObject]] = {
    "Location": {"description": "The address of the run.", "schema": {"type": "string", "format": "uri"}},
    "Retry-After": {"description": "After how many seconds to look at it.", "schema": {"type": "integer"}},
}

_ID: Final = Parameter("id", "path", {"type": "string", "pattern": f"^{RUN_ID_PATTERN}$"}, "The id of a pipeline run.")
_ENVIRONMENT: Final = Parameter(
    "environment",
    "path",
    {"type": "string", "pattern": "^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?$"},
    "An environment of the run.",
)
_LIMIT: Final = Parameter(
    "limit",
    "query",
    {"type": "integer", "minimum": 1, "maximum": LONGEST_LIST, "default": DEFAULT_LIMIT},
    "How many entries at most.",
)


def _problem(description: str) -> Answer:
    return Answer(description, Problem)


_FAULTS: Final = _problem("The faults of the request; nothing was changed.")
_WRONG_LIMIT: Final = _problem("The limit is none.")
_TOO_LONG: Final = _problem("The request is longer than any can be.")
_NO_RUN: Final = _problem("There is no such run.")
# What every route may answer; the host itself refuses a request without a key, and says nothing of it.
COMMON_ANSWERS: Final[Mapping[HTTPStatus, Answer]] = {
    HTTPStatus.UNAUTHORIZED: Answer("There is no key, or a wrong one.", None),
    HTTPStatus.FORBIDDEN: _problem("The one who has signed in lacks the role."),
    HTTPStatus.INTERNAL_SERVER_ERROR: _problem("A defect of the app; its log tells more."),
    HTTPStatus.SERVICE_UNAVAILABLE: _problem("Azure or the durable engine does not answer, or not as it should."),
}

ROUTES: Final = (
    Route(
        HTTPMethod.GET,
        "openapi.json",
        "get_document",
        Role.READER,
        "This document.",
        {HTTPStatus.OK: Answer("An OpenAPI 3.1 document.", Message)},
    ),
    Route(
        HTTPMethod.POST,
        "plan",
        "plan_run",
        Role.OPERATOR,
        "Tell what a run with these options would do; nothing is changed.",
        {
            HTTPStatus.OK: Answer("The plan, and every fault that keeps such a run from being started.", RunPlan),
            HTTPStatus.BAD_REQUEST: _FAULTS,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _TOO_LONG,
        },
        body=RunOptionsShape,
    ),
    Route(
        HTTPMethod.POST,
        "runs",
        "start_run",
        Role.OPERATOR,
        "Start a pipeline run, if everything that it needs is in order.",
        {
            HTTPStatus.ACCEPTED: Answer("The run, which goes on by itself.", RunningRun, ("Location", "Retry-After")),
            HTTPStatus.BAD_REQUEST: _problem("Every fault of request and files; nothing was started or changed."),
            HTTPStatus.CONFLICT: _problem("A run of this image is on: `id` and `statusUrl` are that one's."),
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _TOO_LONG,
        },
        body=RunOptionsShape,
    ),
    Route(
        HTTPMethod.GET,
        "runs",
        "list_runs",
        Role.READER,
        "The newest runs, newest first.",
        {HTTPStatus.OK: Answer("The runs.", RunsList), HTTPStatus.BAD_REQUEST: _WRONG_LIMIT},
        parameters=(_LIMIT,),
    ),
    Route(
        HTTPMethod.GET,
        "runs/{id}",
        "get_run",
        Role.READER,
        "How far a run is, or how it ended.",
        {HTTPStatus.OK: Answer("The run as it stands.", PipelineRecord), HTTPStatus.NOT_FOUND: _NO_RUN},
        parameters=(_ID,),
    ),
    Route(
        HTTPMethod.POST,
        "runs/{id}/approvals/{environment}",
        "decide_approval",
        Role.APPROVER,
        "Approve or reject the environment that the run waits for.",
        {
            HTTPStatus.OK: Answer("The approval with the decision that counts now.", ApprovalRecord),
            HTTPStatus.ACCEPTED: Answer("The decision was passed on, and does not count yet.", ApprovalRecord),
            HTTPStatus.BAD_REQUEST: _FAULTS,
            HTTPStatus.FORBIDDEN: _problem("The role is lacking, or the environment asks for someone else."),
            HTTPStatus.NOT_FOUND: _problem("There is no such run, or it does not go to that environment."),
            HTTPStatus.CONFLICT: _problem("Without effect: too early, too late, decided already, or not asked for."),
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _TOO_LONG,
        },
        body=DecisionShape,
        parameters=(_ID, _ENVIRONMENT),
    ),
    Route(
        HTTPMethod.POST,
        "runs/{id}/cancel",
        "cancel_run",
        Role.OPERATOR,
        "End a run in good order, and the builds that it did not wait for.",
        {
            HTTPStatus.ACCEPTED: Answer("The run, or a build of it, is going to end.", RunningRun, ("Location",)),
            HTTPStatus.BAD_REQUEST: _FAULTS,
            HTTPStatus.NOT_FOUND: _NO_RUN,
            HTTPStatus.CONFLICT: _problem("The run is over, and nothing of it goes on."),
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _TOO_LONG,
        },
        body=CancellationShape,
        parameters=(_ID,),
    ),
    Route(
        HTTPMethod.GET,
        "images",
        "list_images",
        Role.READER,
        "Each image with its latest version, lineage and age, and whether a rebuild is due.",
        {
            HTTPStatus.OK: Answer("The images.", ImagesList),
            HTTPStatus.CONFLICT: _problem("`pipeline.json` cannot be read."),
        },
    ),
    Route(
        HTTPMethod.GET,
        "uploads",
        "list_uploads",
        Role.READER,
        "The uploaded scripts that count, and the notes on those that do not.",
        {HTTPStatus.OK: Answer("The uploads.", UploadsList), HTTPStatus.BAD_REQUEST: _WRONG_LIMIT},
        parameters=(_LIMIT,),
    ),
    Route(
        HTTPMethod.GET,
        "leftovers",
        "list_leftovers",
        Role.READER,
        "What earlier crashes left, as the last sweep found it, and what was done about it.",
        {HTTPStatus.OK: Answer("The report of the last sweep.", LeftoversReport)},
    ),
)
_BY_PATH: Final = {(route.method.value, route.path): route for route in ROUTES}


def route_of(method: str, path: str) -> Route:
    """Return a route by method and path; raises KeyError for one that is not described here."""
    return _BY_PATH[method, path]
