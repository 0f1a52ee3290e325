"""The HTTP API's description of itself."""

import azure.functions as func

from triggers.answers import json_answer
from triggers.openapi import openapi_document


async def get_document() -> func.HttpResponse:
    """GET /api/openapi.json: the OpenAPI document of this API."""
    return json_answer(openapi_document())
