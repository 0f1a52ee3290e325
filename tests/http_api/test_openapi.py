"""The OpenAPI document describes what is served."""

import json
import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configuration.decisions import CancellationShape, DecisionShape
from configuration.run_options import RunOptionsShape
from policies.runs.ids import is_run_id, new_run_id
from tests.http_api.served import registered_routes
from triggers.openapi import openapi_document
from triggers.routes import ROUTES

DOCUMENT = openapi_document()
OPERATIONS = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def test_every_registered_route_is_described_and_every_described_route_is_registered():
    described = {(method.upper(), path, operation["operationId"]) for method, path, operation in OPERATIONS}
    assert described == {(method, f"/api/{path}", handler) for method, path, handler in registered_routes()}
    assert len(described) == len(ROUTES)


def references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_every_reference_leads_to_a_schema_and_every_schema_is_used():
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references(DOCUMENT)) == schemas


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_operation_names_its_parameters_its_role_and_its_refusals(method, path, operation):
    named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", path))
    (role,) = next(scheme["signIn"] for scheme in operation["security"] if "signIn" in scheme)
    assert role in operation["description"]
    assert {"401", "403", "500", "503"} <= operation["responses"].keys()
    assert ("requestBody" in operation) == (method == "post") == ("413" in operation["responses"])


def test_the_document_is_json():
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


@given(
    st.integers(0, 0xFFFFFF),
    st.datetimes(datetime.fromisoformat("2026-01-01")),
    st.from_regex(r"[A-Za-z0-9]{1,40}", fullmatch=True),
)
def test_every_id_of_a_run_has_the_form_that_the_document_gives(chance, moment, image):
    run_id = new_run_id(image, moment, chance)
    pattern = DOCUMENT["paths"]["/api/runs/{id}"]["get"]["parameters"][0]["schema"]["pattern"]
    assert is_run_id(run_id)
    assert re.search(pattern, run_id)


@pytest.mark.parametrize(
    ("shape", "members"),
    [
        (RunOptionsShape, {"waitForImageBuild": ""}),
        (RunOptionsShape, {"removeImageTemplates": None}),
        (RunOptionsShape, {"image": []}),
        (DecisionShape, {"decision": ""}),
        (CancellationShape, {"reason": "two\nlines"}),
        (CancellationShape, {"who": "\x1b[31mann"}),
        (CancellationShape, {"who": "a" * 201}),
    ],
)
def test_a_request_has_no_member_that_the_document_forbids(shape, members):
    with pytest.raises(ValidationError):
        shape.model_validate(members)


def test_a_text_may_be_empty_in_place_of_left_out():
    assert RunOptionsShape.model_validate({"image": "", "startEnvironment": None}) == RunOptionsShape()
