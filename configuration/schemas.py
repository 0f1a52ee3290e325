"""Writes the JSON Schemas of the operator's files, made from their shapes: `python -m configuration.schemas`."""

import json
from pathlib import Path
from typing import Any, Final

from configuration.checking.shape import Shape
from configuration.image_template.parameters_shape import ImageTemplateFile
from configuration.image_template.whole_shape import ImageTemplateResource
from configuration.infrastructure_shape import InfrastructureFile
from configuration.pipeline_shape import PipelineShape

SCHEMAS_FOLDER: Final = Path(__file__).parent.parent / "parameters" / "schemas"

_SHAPES: Final[dict[str, tuple[str, type[Shape]]]] = {
    "pipeline.schema.json": ("pipeline.json", PipelineShape),
    "imageInfra.schema.json": ("<env>.imageInfra.parameters.json", InfrastructureFile),
    "wholeImageTemplate.schema.json": ("<env>.imageTemplate.<image>.json", ImageTemplateResource),
    "imageTemplate.schema.json": ("<env>.imageTemplate.<image>.parameters.json", ImageTemplateFile),
}


def schema_texts() -> dict[str, str]:
    """Return the text of each schema by its file name."""
    return {name: _text(title, shape) for name, (title, shape) in _SHAPES.items()}


def _text(title: str, shape: type[Shape]) -> str:
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shape.model_json_schema(),
        "title": title,
        "allowTrailingCommas": True,  # for Visual Studio Code; other editors pass over it
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for file_name, text in schema_texts().items():
        (SCHEMAS_FOLDER / file_name).write_text(text, encoding="utf-8")
