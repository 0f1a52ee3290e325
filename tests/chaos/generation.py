"""Generates requests: by the OpenAPI document, against it, and with bodies that no document can describe."""

import json
from typing import Any

from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

# What the generated requests bring of these is theirs no longer: the caller's own counts.
CREDENTIALS = {"x-functions-key", "authorization", "x-ms-client-principal"}
# How a request is carried: a server refuses what is wrong with it by itself, in Azure the front end.
FRAMING = {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
ENVIRONMENTS = ("sbx", "dev")
# Words that mean something to the app: without them, next to no request would be understood.
KNOWN_OPTIONS = st.fixed_dictionaries(
    {"scope": st.sampled_from(["only-removal", "Only base", "only-image", "ALL"])},
    optional={
        "image": st.sampled_from(["linux", "LINUX", "lin"]),
        "startEnvironment": st.sampled_from(ENVIRONMENTS),
        "stopEnvironment": st.sampled_from([*ENVIRONMENTS, "prd"]),
        "who": st.just("bob@example.org"),
    },
)
KNOWN_BODIES = {
    "/api/plan": KNOWN_OPTIONS,
    "/api/runs": KNOWN_OPTIONS,
    "/api/runs/{id}/approvals/{environment}": st.fixed_dictionaries({"decision": st.just("approved")}),
}
# In the place of an id: the newest run, the one before, ...; which one that is turns out when the request is sent.
RUNS_BACK = st.integers(1, 5)


def _malformed(text: str) -> st.SearchStrategy[bytes]:
    """Return bodies that are nearly this JSON."""
    whole = text.encode()
    return st.one_of(
        st.integers(1, len(whole) - 1).map(lambda end: whole[:end]),
        st.tuples(st.integers(0, len(whole)), st.binary(min_size=1, max_size=4)).map(
            lambda at: whole[: at[0]] + at[1] + whole[at[0] :]
        ),
    )


MALFORMED_BODIES = st.one_of(
    st.binary(max_size=200),
    _malformed('{"decision": "approved", "reason": "Looks good.", "who": "ann@example.org"}'),
    _malformed('{"image": "linux", "scope": "only-removal", "waitForImageBuild": true}'),
    st.tuples(st.sampled_from([b"[", b'{"a":', b'{"reason":[', b"/*", b"//", b'"\\u']), st.integers(1, 8000)).map(
        lambda many: (many[0] * many[1])[: 16 * 1024]
    ),
    st.integers(16 * 1024 + 1, 200_000).map(lambda size: b'{"reason": "' + b"a" * size + b'"}'),
    st.sampled_from(
        [
            b'{"who": "\\ud800"}',
            b'{"\\udfff": 1}',
            b'{"image": "\\ud800"}',
            b'{"who": "\\u0000"}',
            b'{"reason": "\x00"}',
            b'{"scope": NaN}',
            b'{"scope": -Infinity}',
            b'{"scope": 1e999999}',
            b'{"scope": ' + b"9" * 10_000 + b"}",
            b'{"who": "a", "who": "b"}',
            b'\xff\xfe{\x00"\x00',
            b"\xef\xbb\xbf[]",
            b'{"__proto__": {}, "__class__": {}, "decision": "approved"}',
            b'{"decision": ["approved"]}',
            b"null",
            b"true",
            b'"{}"',
            json.dumps({"image": "../../etc/passwd", "startEnvironment": "sbx/../dev"}).encode(),
            json.dumps({"scope": "a" * 16_000}).encode(),
            json.dumps({"a" * 8000: 1}).encode(),
        ]
    ),
)


def described(operation: APIOperation, mode: GenerationMode) -> st.SearchStrategy[tuple[Case, int]]:
    """Return requests as the document describes them, or as it does not, half of them with words that are known.

    With each comes which of the newest runs its id is to be; 0 leaves the id as it was generated.
    """
    cases = operation.as_strategy(generation_mode=mode).map(_of_the_app)
    bodies = KNOWN_BODIES.get(operation.path, st.just({}))
    known = st.builds(_with_known, cases, st.sampled_from(ENVIRONMENTS), bodies)
    return st.one_of(st.tuples(cases, st.just(0)), st.tuples(known, RUNS_BACK))


def malformed(operation: APIOperation) -> st.SearchStrategy[tuple[Case, int]]:
    """Return requests whose body is broken in one way or another, and all else in order."""
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE).map(_of_the_app)
    known = st.builds(_with_known, cases, st.sampled_from(ENVIRONMENTS), st.just({}))
    return st.tuples(st.builds(_with_body, known, MALFORMED_BODIES), RUNS_BACK)


def _of_the_app(case: Case) -> Case:
    """Leave what the app itself has to answer for."""
    for name in [name for name in case.headers if name.lower() in CREDENTIALS | FRAMING]:
        del case.headers[name]
    if isinstance(case.query, dict):
        case.query.pop("code", None)
    return case


def _with_known(case: Case, environment: str, body: dict[str, Any]) -> Case:
    if "environment" in case.path_parameters:
        case.path_parameters["environment"] = environment
    if isinstance(case.body, dict):
        case.body = {**case.body, **body}
    return case


def _with_body(case: Case, body: bytes) -> Case:
    case.body = body
    return case
