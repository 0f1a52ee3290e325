"""The sample files that come with the app, and the schemas."""

from pathlib import Path
from typing import get_args

import pytest

from configuration.checking.shape import Shape
from configuration.image_template.distributor_shape import Distributor, TargetRegion
from configuration.image_template.parameters_shape import ImageTemplateParameter, ImageTemplateParameters
from configuration.image_template.shape import (
    Customizer,
    ErrorHandling,
    NetworkConfiguration,
    Source,
    Validation,
)
from configuration.infrastructure_shape import ImageDefinitionShape, InfrastructureParameters
from configuration.pipeline_shape import ApprovalShape, EnvironmentShape, ImageShape, PipelineShape, ScheduleShape
from configuration.reading import read_configuration
from configuration.schemas import SCHEMAS_FOLDER, schema_texts

APP = Path(__file__).parents[2]


def test_the_sample_is_valid() -> None:
    reading = read_configuration(APP / "parameters", APP / "customization")
    assert (reading.faults, reading.remarks) == ((), ())
    assert reading.pipeline
    for environment in reading.pipeline.environments:
        for image in reading.pipeline.images:
            assert reading.stage_plan(environment.name, image.name)


@pytest.mark.parametrize(("name", "text"), schema_texts().items())
def test_the_schemas_are_current(name: str, text: str) -> None:
    assert (SCHEMAS_FOLDER / name).read_text() == text, "Run: python -m configuration.schemas"


def test_every_schema_file_has_its_shape() -> None:
    assert {file.name for file in SCHEMAS_FOLDER.iterdir()} == set(schema_texts())


@pytest.mark.parametrize(
    "shape",
    [
        PipelineShape,
        EnvironmentShape,
        ApprovalShape,
        ImageShape,
        ScheduleShape,
        InfrastructureParameters,
        ImageDefinitionShape,
        ImageTemplateParameters,
        ImageTemplateParameter,
        *get_args(get_args(Source)[0]),
        *get_args(get_args(Customizer)[0]),
        *get_args(get_args(Distributor)[0]),
        NetworkConfiguration,
        TargetRegion,
        Validation,
        ErrorHandling,
    ],
)
def test_every_key_is_documented(shape: type[Shape]) -> None:
    page = (APP / "docs" / "parameter-files.md").read_text()
    assert [key for key in shape.written_keys() if f"`{key}`" not in page and f'"{key}"' not in page] == []
