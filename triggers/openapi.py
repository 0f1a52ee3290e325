"""Makes the OpenAPI document of the HTTP API from the table of its routes."""

from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from models.message import JsonObject, Message
from models.problem import Problem
from triggers.routes import COMMON_ANSWERS, HEADERS, ROUTES, Answer, Parameter, Route

REFERENCE: Final = "#/components/schemas/{model}"
SECURITY_SCHEMES: Final[JsonObject] = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "A function key."},
    "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code", "description": "The same key."},
    "signIn": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of Microsoft Entra ID, where App Service authentication is on: it carries app roles. "
        "The key alone does what Operator may, and decides nothing.",
    },
}


@cache
def openapi_document() -> JsonObject:
    """Return the document, in version 3.1 of OpenAPI."""
    schemas = _schemas(ROUTES)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(f"/api/{route.path}", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Image Bakery",
            "version": "1",
            "summary": "Builds virtual machine images with Azure Image Builder, and keeps them current.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def _schemas(routes: Iterable[Route]) -> JsonObject:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for route in routes:
        if route.body:
            models[route.body, "validation"] = None
        for answer in _answers(route).values():
            if answer.body and answer.body is not Message:
                models[answer.body, "serialization"] = None
    _, schemas = models_json_schema(list(models), ref_template=REFERENCE)
    return schemas["$defs"]


def _answers(route: Route) -> Mapping[HTTPStatus, Answer]:
    return {**COMMON_ANSWERS, **route.answers}


def _operation(route: Route) -> JsonObject:
    return {
        "operationId": route.operation,
        "summary": route.summary,
        "description": f"Where people sign in, it needs the role {route.role}.",
        "security": [
            {"functionKey": []},
            {"functionKeyInQuery": []},
            {"functionKey": [], "signIn": [route.role.value]},
        ],
        **({"parameters": [_parameter(one) for one in route.parameters]} if route.parameters else {}),
        **({"requestBody": _body(route.body)} if route.body else {}),
        "responses": {str(status.value): _response(answer) for status, answer in sorted(_answers(route).items())},
    }


def _parameter(parameter: Parameter) -> JsonObject:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "schema": parameter.schema,
        "description": parameter.description,
    }


def _body(shape: type[BaseModel]) -> JsonObject:
    """An empty body is an object without members: refused where one is required."""
    required = any(field.is_required() for field in shape.model_fields.values())
    return {"required": required, "content": {"application/json": {"schema": _reference(shape)}}}


def _response(answer: Answer) -> JsonObject:
    if answer.body is None:
        return {"description": answer.description}
    media_type = "application/problem+json" if answer.body is Problem else "application/json"
    schema = {"type": "object"} if answer.body is Message else _reference(answer.body)
    headers = {name: HEADERS[name] for name in answer.headers}
    return {
        "description": answer.description,
        **({"headers": headers} if headers else {}),
        "content": {media_type: {"schema": schema}},
    }


def _reference(model: type[BaseModel]) -> JsonObject:
    return {"$ref": REFERENCE.format(model=model.__name__)}
