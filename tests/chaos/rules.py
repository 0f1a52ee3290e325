"""What the HTTP API must and must not do with a request: written down here once more, apart from the app."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

PRINCIPAL = "X-MS-CLIENT-PRINCIPAL"
READER, OPERATOR, APPROVER = "Reader", "Operator", "Approver"
ROLES = {READER, OPERATOR, APPROVER}
ROLE_NEEDED = {
    "GET /api/openapi.json": READER,
    "POST /api/plan": OPERATOR,
    "POST /api/runs": OPERATOR,
    "GET /api/runs": READER,
    "GET /api/runs/{id}": READER,
    "POST /api/runs/{id}/approvals/{environment}": APPROVER,
    "POST /api/runs/{id}/cancel": OPERATOR,
    "GET /api/images": READER,
    "GET /api/uploads": READER,
    "GET /api/leftovers": READER,
}


@dataclass(frozen=True)
class Caller:
    """Who sends a request: with which key, signed in how, and what that allows; `roles` is None without the key."""

    name: str
    headers: dict[str, str]
    roles: frozenset[str] | None
    query: dict[str, str] = field(default_factory=dict)

    def may(self, needed: str) -> bool:
        """Say whether the caller may do what needs a role."""
        return needed in (self.roles or ()) or (needed == READER and bool(self.roles))


def callers(function_key: str, system_key: str) -> list[Caller]:
    """Return all kinds of callers; the first two may do everything."""

    def signed_in(name: str, *roles: str) -> Caller:
        claims = [("preferred_username", f"{name}@example.org"), *(("roles", role) for role in roles)]
        principal = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims]}
        header = base64.b64encode(json.dumps(principal).encode()).decode()
        return Caller(name, {"x-functions-key": function_key, PRINCIPAL: header}, frozenset(roles) & ROLES)

    everything = signed_in("both", OPERATOR, APPROVER)
    no_key = {name: value for name, value in everything.headers.items() if name == PRINCIPAL}
    return [
        everything,
        Caller("with the key in the address", no_key, everything.roles, {"code": function_key}),
        Caller("with the key alone", {"x-functions-key": function_key}, frozenset({OPERATOR})),
        Caller("with a strange sign-in", {"x-functions-key": function_key, PRINCIPAL: "e30="}, frozenset()),
        signed_in("approver", APPROVER),
        signed_in("operator", OPERATOR),
        signed_in("reader", READER),
        signed_in("owner", "Owner"),
        signed_in("stranger"),
        Caller("with the key of webhooks", {"x-functions-key": system_key}, None),
        Caller("with a wrong key", {"x-functions-key": "wrong"}, None),
        Caller("signed in without a key", no_key, None),
        Caller("without a key", {}, None),
    ]


@dataclass(frozen=True)
class Sent:
    """A request and its answer."""

    route: str
    caller: Caller
    parameters: dict[str, str]
    query: dict[str, Any]
    body: bytes | None
    status: int
    content_type: str
    answer: str

    @property
    def reaches_the_route(self) -> bool:
        """Whether the path is that of the route: a slash or dots in a parameter make it another one."""
        return all(
            value not in {"", ".", ".."} and "/" not in value for value in map(unquote, self.parameters.values())
        )


@dataclass
class Rules:
    """The rules, and what they need to know: the document's schemas, the app's secrets, and the runs so far."""

    document: dict[str, Any]
    secrets: list[str]
    runs: list[str] = field(default_factory=list)

    def broken_by(self, sent: Sent) -> list[str]:
        """Return a sentence for each rule that is broken."""
        return [sentence for rule in RULES if (sentence := rule(self, sent))]

    def is_described(self, sent: Sent) -> bool:
        """Say whether the document allows the body."""
        path, method = sent.route.split()[1], sent.route.split()[0].lower()
        described = self.document["paths"][path][method].get("requestBody")
        if described is None:
            return True
        try:
            body = json.loads(sent.body or b"{}")
        except ValueError:
            return False
        schema = described["content"]["application/json"]["schema"]
        return jsonschema_rs.is_valid({**schema, "components": self.document["components"]}, body)


def _nothing_breaks(_: Rules, sent: Sent) -> str | None:
    return f"a {sent.status}" if sent.status >= 500 else None


def _nothing_is_told_that_helps_an_attacker(rules: Rules, sent: Sent) -> str | None:
    traces = ("Traceback", '.py", line', "AccountKey", "SharedAccessSignature", "Bearer ")
    return next((f"'{trace}' is told" for trace in (*traces, *rules.secrets) if trace in sent.answer), None)


def _only_those_come_in_who_may(_: Rules, sent: Sent) -> str | None:
    if not sent.reaches_the_route:
        return None
    if sent.caller.roles is None:
        return None if sent.status == 401 else "it was let in without the key"
    if not sent.caller.may(ROLE_NEEDED[sent.route]):
        return None if sent.status == 403 else "it was let in without the role"
    if sent.status == 401 or (sent.status == 403 and "/approvals/" not in sent.route):
        return "who may was not let in"
    return None


def _nothing_is_accepted_that_the_document_forbids(rules: Rules, sent: Sent) -> str | None:
    if sent.status >= 300 or not sent.reaches_the_route:
        return None
    if not rules.is_described(sent):
        return "a body was accepted that the document forbids"
    if "id" in sent.parameters and unquote(sent.parameters["id"]) not in rules.runs:
        return "a run was found that nobody started"
    limit = str(sent.query.get("limit", 1))
    if sent.route in {"GET /api/runs", "GET /api/uploads"} and not (limit.isascii() and limit.isdigit()):
        return "a limit was accepted that is no number"
    return None


def _a_refusal_says_why(_: Rules, sent: Sent) -> str | None:
    if sent.status < 400 or sent.status == 401 or not sent.reaches_the_route:
        return None
    if sent.content_type != "application/problem+json":
        return f"a {sent.status} is no problem document"
    problem = json.loads(sent.answer)
    return None if problem["status"] == sent.status and problem["detail"] else "a problem says nothing"


RULES: tuple[Callable[[Rules, Sent], str | None], ...] = (
    _nothing_breaks,
    _nothing_is_told_that_helps_an_attacker,
    _only_those_come_in_who_may,
    _nothing_is_accepted_that_the_document_forbids,
    _a_refusal_says_why,
)
